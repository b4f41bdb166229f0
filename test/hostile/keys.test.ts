// Nobody gets in with a key that is made up, meant for something else, taken back or replaced; and what it had open ends.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Browser as CookieBrowser,
  answerAt,
  authorizeUrl,
  redeem,
  register,
} from '../access/authorization-server/fixture.ts';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';
import { modernCall, post, stamp } from './wire.ts';

let world: AccessWorld;
let notes: ToolServer;
let other: ToolServer;
let good: { id: string; key: string };

beforeAll(async () => {
  world = await accessWorld();
  notes = await world.server('notes', 'new');
  other = await world.server('other', 'new');
  for (const server of [notes, other]) server.tools = [{ name: 'read', inputSchema: { type: 'object' } }];
  await world.signIn('notes', 'alice');
  await world.signIn('other', 'alice');
  good = await world.key('good');
  await world.allowNext(() => called('notes', good.key));
});
afterAll(() => world[Symbol.asyncDispose]());

const called = (server: string, key?: string) =>
  post(world.bridge, server, { ...(key === undefined ? {} : { key }), ...modernCall('read') });

/** Neither a server nor the person hears of it, and the answer tells nothing but that it is no good. */
async function expectNothing(key: string | undefined, server = 'notes'): Promise<void> {
  const before = notes.requests.length + other.requests.length;
  const agents = await world.person.agents.list();
  const answer = await called(server, key);
  expect([answer.status, answer.body], key).toEqual([401, expect.stringMatching(/agent add/u)]);
  expect(notes.requests.length + other.requests.length).toBe(before);
  expect((await world.person.approvals.list()).prompts).toEqual([]);
  expect((await world.person.agents.list()).map(({ id }) => id)).toEqual(agents.map(({ id }) => id));
}

/** An agent signs in to the bridge for one server, and the person says yes. */
async function signedIn(server: string) {
  const d = { base: world.bridge };
  const resource = `${d.base}/mcp/${server}`;
  const client = await register(d.base);
  const browser = new CookieBrowser();
  const page = await browser.follow(authorizeUrl(d, client, { resource }), d.base);
  const approval = await world.allowNext();
  const { code = '' } = answerAt((await browser.follow(page.at, d.base)).at);
  const answer = await redeem(d, client, code, { resource });
  return { ...((await answer.json()) as { access_token: string; refresh_token: string }), approval };
}

describe('a key', () => {
  it('that was made up is refused, however close it is to a real one', async () => {
    expect((await called('notes', good.key)).status).toBe(200);
    const flipped = good.key.replace(/.$/u, (last) => (last === 'A' ? 'B' : 'A'));
    const forged = [
      undefined,
      flipped,
      good.key.toUpperCase(),
      good.key.slice(0, -1),
      `${good.key}A`,
      good.key.slice(4),
      `ttk_${randomBytes(32).toString('base64url')}`,
      'ttk_',
      'null',
      good.id,
      `%${good.key}`,
      'x'.repeat(500),
    ];
    for (const key of forged) await expectNothing(key);
  });

  it('of another kind is none: an upstream token, an approval, an agent’s id, a refresh token, a token for another server', async () => {
    const upstream = await world.person.script.token({ server: 'notes' });
    const { access_token, refresh_token, approval } = await signedIn('other');
    await expectNothing(upstream.access_token);
    await expectNothing(good.id);
    await expectNothing(approval);
    // What was issued for one server opens that one and no other; a refresh token opens none.
    await expectNothing(access_token, 'notes');
    await expectNothing(refresh_token, 'other');
    expect((await called('other', access_token)).status).toBe(200);
  });

  it('that an agent got by signing in dies with its approval, at once', async () => {
    const { access_token, approval } = await signedIn('notes');
    expect((await called('notes', access_token)).status).toBe(200);
    await world.person.approvals.revoke({ id: approval });
    await expectNothing(access_token);
  });

  it('that was replaced is refused from that moment, and the new one may what the agent may', async () => {
    const { id, key } = await world.key('rotating');
    await world.allowNext(() => called('notes', key));
    const { key: next } = await world.person.script.rotateAgent({ id });
    await expectNothing(key);
    const before = notes.reached.length;
    expect((await called('notes', next)).status).toBe(200);
    expect(notes.reached).toHaveLength(before + 1);
  });

  it('that was revoked is refused from that moment, and what was open with it ends within a second', async () => {
    const { id, key } = await world.key('leaving');
    await world.allowNext(() => called('notes', key));
    const listening = await fetch(`${world.bridge}/mcp/notes`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: { notifications: { toolsListChanged: true }, _meta: stamp },
      }),
    });
    const reader = listening.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('acknowledged');
    expect(notes.streams.size).toBe(1);
    const since = performance.now();
    await world.person.agents.revoke({ id });
    while ((await reader?.read().catch(() => ({ done: true })))?.done === false);
    expect(performance.now() - since).toBeLessThan(1_000);
    await expect.poll(() => notes.streams.size).toBe(0);
    await expectNothing(key);
  });

  it('that is sent twice, with another scheme or in the address, is none', async () => {
    const { body, headers } = modernCall('read');
    const before = notes.requests.length;
    for (const authorization of [
      `Basic ${btoa(`x:${good.key}`)}`,
      good.key,
      `Bearer ${good.key} ${good.key}`,
      `Bearer`,
    ]) {
      expect((await post(world.bridge, 'notes', { body, headers: { ...headers, authorization } })).status).toBe(401);
    }
    expect((await post(world.bridge, `notes?access_token=${good.key}`, { body, headers })).status).toBe(404);
    expect(
      (await post(world.bridge, 'notes', { body, headers: { ...headers, cookie: `key=${good.key}` } })).status,
    ).toBe(401);
    expect(notes.requests).toHaveLength(before);
  });
});
