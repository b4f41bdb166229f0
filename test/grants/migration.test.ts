// A server that names another authorization server from one day to the next (SEP-2352).
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Grants } from '../../main/grants/types.ts';
import { secret } from '../../main/secret.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { world } from './fixture.ts';

/** A protected resource whose metadata can be pointed at another authorization server while it runs. */
async function movableResource(first: AuthorizationServer) {
  let current = first;
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const resource = `http://127.0.0.1:${port}/mcp`;
    const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;
    if (request.url === '/.well-known/oauth-protected-resource/mcp') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ resource, authorization_servers: [current.issuer], scopes_supported: ['mcp'] }));
      return;
    }
    const token = request.headers.authorization?.replace(/^Bearer /u, '') ?? '';
    const answer = async (): Promise<void> => {
      const { active } = await current.verifyAccessToken(token, resource);
      response.writeHead(active ? 200 : 401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end();
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    move: (to: AuthorizationServer) => {
      current = to;
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function request(grants: Grants, address: string): Promise<number> {
  const auth = grants.upstreamAuth('moving');
  const asked = { method: 'POST', url: new URL(address) };
  let used = await auth.authorize(asked);
  for (;;) {
    const response = await fetch(address, { method: 'POST', headers: used.headers });
    auth.answered({ status: response.status, headers: response.headers });
    if (response.status !== 401) return response.status;
    const wwwAuthenticate = response.headers.get('www-authenticate');
    const next = await auth.challenged(used, { status: 401, wwwAuthenticate, dpopNonce: null }, asked);
    if (next === null) return 401;
    used = next;
  }
}

describe('when a server moves to another authorization server', () => {
  it('neither the old client nor the old refresh token is shown to the new one, and a person is asked', async () => {
    await using w = await world();
    const second = await startAuthorizationServer();
    await using resource = await movableResource(w.authorizationServer);
    await w.grants.addServer({ name: 'moving', url: resource.url });
    await (
      await w.grants.signIn('moving')
    ).done;
    expect(await request(w.grants, resource.url)).toBe(200);
    const oldClient = w.store.registrations.forIssuer(w.authorizationServer.issuer)?.client_id;

    resource.move(second);
    await expect(request(w.grants, resource.url)).rejects.toMatchObject({
      code: 'needs_sign_in',
      facts: { because: 'authorization-server-changed' },
    });
    expect(second.stats.count({ endpoint: 'token' })).toBe(0);
    expect(w.grants.view('moving').state).toMatchObject({ because: 'authorization-server-changed' });

    await (
      await w.grants.signIn('moving')
    ).done;
    expect(await request(w.grants, resource.url)).toBe(200);
    expect(second.stats.count({ endpoint: 'registration' })).toBe(1);
    const shown = second.stats.list().map((seen) => seen.params['client_id']);
    expect(shown).not.toContain(oldClient);
    expect(w.store.registrations.forIssuer(w.authorizationServer.issuer)?.client_id).toBe(oldClient);
    await second.close();
  });

  it('a client secret goes to the issuer that the user named and to no other, also when the server names another', async () => {
    await using w = await world();
    const evil = await startAuthorizationServer();
    await using resource = await movableResource(evil);
    for (const flow of ['authorization_code', 'client_credentials'] as const) {
      const added = w.grants.addServer({
        name: 'moving',
        url: resource.url,
        settings: { chosenIssuer: w.authorizationServer.issuer },
        flow: { kind: flow },
        client: { client_id: 'mine', client_secret: secret('secret-of-the-good-one') },
      });
      await expect(added).rejects.toMatchObject({ code: 'issuer_mismatch' });
    }
    expect(w.grants.list().map((view) => view.server)).toEqual(['demo']);
    expect(evil.stats.count({ endpoint: 'token' })).toBe(0);
    await evil.close();
  });

  it('a client secret that was bound to one issuer is never sent to the next', async () => {
    await using w = await world();
    const evil = await startAuthorizationServer();
    await using resource = await movableResource(w.authorizationServer);
    await w.grants.addServer({
      name: 'moving',
      url: resource.url,
      flow: { kind: 'client_credentials' },
      client: { client_id: 'mine', client_secret: secret('secret-of-the-good-one') },
    });
    expect(w.grants.view('moving').settings.chosenIssuer).toBe(w.authorizationServer.issuer);
    resource.move(evil);
    await w.grants.clearCache('moving');
    await expect(w.grants.accessToken('moving')).rejects.toMatchObject({ code: 'needs_sign_in' });
    expect(evil.stats.count({ endpoint: 'token' })).toBe(0);
    await evil.close();
  });

  it('a client that the user brought stays with the issuer it was bound to', async () => {
    await using w = await world();
    const second = await startAuthorizationServer({ registration: false });
    await using resource = await movableResource(w.authorizationServer);
    await w.grants.addServer({ name: 'moving', url: resource.url, client: { client_id: 'brought' } });
    const first = await w.grants.signIn('moving', { openBrowser: false });
    expect(first.url).toContain('client_id=brought');
    first.cancel();
    await first.done.catch(() => undefined);
    resource.move(second);
    await expect(w.grants.signIn('moving', { openBrowser: false })).rejects.toMatchObject({
      code: 'registration_needed',
    });
  });
});
