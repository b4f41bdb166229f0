// Two people, one server: a whole broker, a real authorization server, and agents over the real bridge.
import { afterEach, describe, expect, it } from 'vitest';
import type { Access } from '../../main/access/access.ts';
import type { Change } from '../../preload/contract.ts';
import { createBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { hashToken } from '../support/mcp-server.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
afterEach(() => live[Symbol.asyncDispose]());

const people = { alice: { email: 'alice@example.com' }, bob: { email: 'bob@example.com' } };
const server = 'notes';

async function signInAs(person: string, account?: string) {
  const { id, url } = await live.client.signIn.start({
    server,
    ...(account === undefined ? {} : { account }),
    scopes: ['openid', 'mcp'],
    openBrowser: false,
  });
  await createBrowser({ account: person }).open(url ?? '');
  return live.client.signIn.wait({ id });
}

async function twoAccounts(): Promise<void> {
  live = await liveBroker({ as: { people } });
  await signInAs('alice');
  await signInAs('bob', 'work');
}

/** Whose token the server saw with the latest call of a tool. */
async function seenWith(): Promise<string | null> {
  const sent = live.server.requests.findLast(({ rpc }) => rpc?.name === 'echo')?.tokenHash;
  for (const token of live.authorizationServer.issuedSecrets) {
    if (hashToken(token) === sent) return (await live.authorizationServer.verifyAccessToken(token, null)).sub;
  }
  return null;
}

async function call(agent: Awaited<ReturnType<LiveBroker['agent']>>): Promise<string | null> {
  await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
  return seenWith();
}

describe('two accounts of one server', () => {
  it('are used by the agents that are pinned to them, and the default one by everybody else', async () => {
    await twoAccounts();
    const pinned = await live.client.script.addAgent({ name: 'pinned' });
    const other = await live.client.script.addAgent({ name: 'other' });
    await live.client.accounts.pin({ server, account: 'work', agentId: pinned.agent.id });
    expect(await call(await live.agent(pinned.key))).toBe('bob');
    expect(await call(await live.agent(other.key))).toBe('alice');
    await live.client.accounts.setDefault({ server, account: 'work' });
    expect(await call(await live.agent(other.key))).toBe('bob');
  });

  it('are shown one by one with who they are, and details are of the one that is asked for', async () => {
    await twoAccounts();
    const views = await live.client.accounts.list({ server });
    expect(views.map(({ account, identity, isDefault }) => [account, identity, isDefault])).toEqual([
      ['default', 'alice@example.com', true],
      ['work', 'bob@example.com', false],
    ]);
    const { view, grant } = await live.client.servers.details({ server, account: 'work' });
    expect(view).toMatchObject({ account: 'work', identity: 'bob@example.com' });
    expect(grant?.endedAt).toBeNull();
    expect((await live.client.status()).servers).toEqual({ total: 1, connected: 1, needSignIn: 0, needNone: 0 });
    const script = await live.client.script.token({ server, account: 'work' });
    expect((await live.authorizationServer.verifyAccessToken(script.access_token, null)).sub).toBe('bob');
  });

  it('are never taken for one another: a pinned account that is gone is said to be missing', async () => {
    await twoAccounts();
    const { agent, key } = await live.client.script.addAgent({ name: 'pinned' });
    await live.client.accounts.pin({ server, account: 'work', agentId: agent.id });
    const connected = await live.agent(key);
    await call(connected);
    await live.client.accounts.forget({ server, account: 'work' });
    const before = live.server.requests.length;
    await expect(connected.callTool({ name: 'echo', arguments: { text: 'hello' } })).rejects.toThrow();
    expect(live.server.requests.slice(before).filter(({ rpc }) => rpc?.name === 'echo')).toEqual([]);
    expect(await live.client.accounts.pins()).toMatchObject([{ account: 'work' }]);
  });

  it('are told to whoever watches: the first snapshot has both, and each change names its account', async () => {
    await twoAccounts();
    const changes = await live.client.changes();
    const next = async (wanted: Change['kind']): Promise<Change> => {
      for (;;) {
        const { value, done } = await changes.next();
        if (done === true) throw new Error('the stream has ended');
        if (value.kind === wanted) return value;
      }
    };
    const first = await next('snapshot');
    expect(first.kind === 'snapshot' && first.servers.map(({ account }) => account)).toEqual(['default', 'work']);
    await live.client.revoke({ server, account: 'work' });
    // No `state`: who knows of one account only would take it for that one’s.
    expect(await next('settings')).toMatchObject({
      view: { account: 'work', isDefault: false, state: { kind: 'needs-sign-in' } },
    });
    await live.client.revoke({ server });
    expect(await next('state')).toMatchObject({ server, account: 'default', state: { kind: 'needs-sign-in' } });
    await live.client.accounts.forget({ server, account: 'work' });
    const now = await next('snapshot');
    expect(now.kind === 'snapshot' && now.servers.map(({ account }) => account)).toEqual(['default']);
    await changes.return?.();
  });

  it('are both revoked when everything is cleared, each with its receipt', async () => {
    await twoAccounts();
    const { servers } = await live.client.clearEverything({ confirm: 'clear everything' });
    expect(servers).toMatchObject([
      { server, account: 'default', receipt: { confirmed: true }, forgotten: true },
      { server, account: 'work', receipt: { confirmed: true }, forgotten: true },
    ]);
    expect((await live.vault.list()).filter(({ kind }) => kind === 'grant')).toEqual([]);
  });

  it('keep which one is the default, and who is pinned to which, over a restart', async () => {
    await twoAccounts();
    const { agent } = await live.client.script.addAgent({ name: 'pinned' });
    await live.client.accounts.pin({ server, account: 'default', agentId: agent.id });
    await live.client.accounts.setDefault({ server, account: 'work' });
    await live.restart();
    expect((await live.client.servers.show({ server })).account).toBe('work');
    expect(await live.client.accounts.pins()).toMatchObject([{ agentId: agent.id, account: 'default' }]);
  });
});

describe('another person in an account', () => {
  it('ends what agents were allowed with it, and nothing else', async () => {
    await twoAccounts();
    const { agent } = await live.client.script.addAgent({ name: 'cursor' });
    const { approvals } = live.broker.control.access;
    const allow = (account: string, decision: 'allow' | 'deny' = 'allow') =>
      approvals.decide({ agent, server, account }, ['s'], { decision, lasts: 'always' }, 'window');
    allow('default');
    const kept = allow('work');
    const { warning } = await signInAs('bob');
    expect(warning).toContain('alice@example.com → bob@example.com');
    expect(approvals.living().map(({ id }) => id)).toEqual([kept.id]);
    expect((await live.client.activity.list({ kind: 'account-changed' })).items).toHaveLength(1);
  });
});

describe('an end', () => {
  it('ends what is open with that account in that moment, and nothing that is open with another', async () => {
    await twoAccounts();
    const { agent, key } = await live.client.script.addAgent({ name: 'pinned' });
    const other = await live.client.script.addAgent({ name: 'other' });
    await live.client.accounts.pin({ server, account: 'work', agentId: agent.id });
    // The contract has no use for them; the bridge has.
    const { guards } = live.broker.control.access as Access;
    const caller = (of: typeof agent) => ({ agent: of, via: 'http' as const, session: of.id, folder: null });
    const bounded = guards.guard(caller(agent), server);
    const free = guards.guard(caller(other.agent), server);
    await call(await live.agent(key));
    await live.client.accounts.setEnd({ server, account: 'work', endsAt: Date.now() + 50 });
    await eventually(() => bounded.ended.aborted);
    expect(free.ended.aborted).toBe(false);
    expect((await live.client.servers.show({ server, account: 'work' })).state).toMatchObject({
      because: 'lifetime-over',
    });
  });

  it('can be set, moved and taken away, and is part of what is shown', async () => {
    await twoAccounts();
    const endsAt = Date.now() + 3_600_000;
    expect(await live.client.accounts.setEnd({ server, account: 'work', endsAt })).toMatchObject({ endsAt });
    expect((await live.client.servers.show({ server, account: 'work' })).endsAt).toBe(endsAt);
    expect((await live.client.servers.show({ server })).endsAt).toBeNull();
    expect(await live.client.accounts.setEnd({ server, account: 'work', endsAt: null })).toMatchObject({
      endsAt: null,
    });
  });
});
