// A server that needs no sign-in is known by what it does: it answered without a token, and has not asked for one since.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { GrantsOfUser } from '../../main/grants/grants.ts';
import type { GrantChange } from '../../main/grants/types.ts';
import { world, type World } from './fixture.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

interface Door {
  readonly url: string;
  /** What it answers to whoever brings no token. */
  status: number;
  /** One request of an agent without anything that the grant did not give; the status. */
  ask(grants: GrantsOfUser): Promise<number>;
}

async function door(status: number): Promise<Door> {
  const server = createServer((req, res) => {
    res.writeHead(req.headers.authorization === undefined ? made.status : 200).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close().closeAllConnections();
  });
  const made: Door = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    status,
    async ask(grants) {
      const auth = grants.upstreamAuth('open');
      const request = { method: 'POST', url: new URL(made.url) };
      const used = await auth.authorize(request);
      const response = await fetch(made.url, { method: 'POST', headers: used.headers });
      auth.answered(response);
      if (response.status === 401) {
        const challenge = { status: 401, wwwAuthenticate: null, dpopNonce: null };
        await auth.challenged(used, challenge, request).catch(() => null);
      }
      return response.status;
    },
  };
  return made;
}

async function withDoor(status: number): Promise<{ w: World; at: Door; changes: GrantChange[] }> {
  const w = await world();
  const at = await door(status);
  await w.grants.addServer({ name: 'open', url: at.url });
  const changes: GrantChange[] = [];
  w.grants.onChange((change) => changes.push(change));
  return { w, at, changes };
}

describe('a server that nobody signed in to', () => {
  it('is not said to need no sign-in before it has answered anything', async () => {
    const { w } = await withDoor(200);
    await using _ = w;
    expect(w.grants.state('open')).toEqual({ kind: 'open' });
  });

  it('needs none once it has answered a request without a token, and whoever watches hears of it once', async () => {
    const { w, at, changes } = await withDoor(202);
    await using _ = w;
    const since = w.clock.now();
    expect(await at.ask(w.grants)).toBe(202);
    expect(w.grants.state('open')).toEqual({ kind: 'open', answersSince: since });
    await w.clock.advance(1_000);
    await at.ask(w.grants);
    expect(changes).toEqual([{ server: 'open', account: 'default', state: { kind: 'open', answersSince: since } }]);
  });

  it('needs none after a restart, too', async () => {
    const { w, at } = await withDoor(200);
    await using _ = w;
    await at.ask(w.grants);
    expect(w.restart().view('open').state).toMatchObject({ kind: 'open', answersSince: expect.any(Number) });
  });

  it.each([301, 400, 403, 404, 500, 503])('is not known to need none by an answer of %s', async (status) => {
    const { w, at } = await withDoor(status);
    await using _ = w;
    expect(await at.ask(w.grants)).toBe(status);
    expect(w.grants.state('open')).toEqual({ kind: 'open' });
  });

  it('needs one as soon as it asks for a token, and is not remembered as one that does not', async () => {
    const { w, at } = await withDoor(200);
    await using _ = w;
    await at.ask(w.grants);
    at.status = 401;
    expect(await at.ask(w.grants)).toBe(401);
    expect(w.grants.state('open').kind).toBe('needs-sign-in');
    expect(w.restart().state('open')).toEqual({ kind: 'open' });
    // The answer to a request that began before that says nothing any more.
    w.grants.upstreamAuth('open').answered({ status: 200, headers: new Headers() });
    expect(w.grants.state('open').kind).toBe('needs-sign-in');
  });
});

describe('a server that somebody is signed in to', () => {
  it('is not taken for one that needs none, whatever it answers', async () => {
    await using w = await world();
    await w.signIn();
    expect(await w.call()).toBe(200);
    await w.grants.revoke('demo');
    w.grants.upstreamAuth('demo').answered({ status: 200, headers: new Headers() });
    expect(w.grants.state('demo')).toMatchObject({ kind: 'needs-sign-in', because: 'revoked-here' });
    expect(w.store.servers.get('demo')?.settings.openSince ?? null).toBeNull();
  });
});
