// What the app keeps and does around the grants, with a whole broker and real servers: settings, pause, who used what, clear everything.
import { createInterface } from 'node:readline';
import { duplexPair } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
afterEach(() => live[Symbol.asyncDispose]());

const key = async (name: string) => (await live.client.script.addAgent({ name })).key;

/** An agent of the handshake era over a stream, which says its name only when it opens the connection. */
function stdioAgent({ broker }: LiveBroker, name: string) {
  const [ours, theirs] = duplexPair();
  const hello = { agentName: null, pid: 1, parentPid: 1, cwd: '/', argv: [], version: '0', resumed: false };
  broker.onStdio({ server: 'notes', ...hello }, theirs, null);
  const heard = createInterface({ input: ours });
  let id = 0;
  const say = (message: object) => ours.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  return {
    hello: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } },
    tell: (method: string) => say({ method }),
    ask: (method: string, params: object) =>
      new Promise<unknown>((resolve) => {
        const own = (id += 1);
        const look = (line: string) => {
          const message = JSON.parse(line) as { id?: number };
          if (message.id !== own) return;
          heard.off('line', look);
          resolve(message);
        };
        heard.on('line', look);
        say({ id: own, method, params });
      }),
  };
}

describe('the settings', () => {
  it('take a port that counts from the next start on, and say so', async () => {
    live = await liveBroker({ broker: { bridgePort: undefined as never } });
    const before = await live.client.settings.get();
    expect(before.bridgePort).toMatchObject({ chosen: null, fixedBy: null, afterRestart: false });
    const changed = await live.client.settings.set({ bridgePort: 23_456 });
    expect(changed.bridgePort).toMatchObject({ chosen: 23_456, now: before.bridgePort.now, afterRestart: true });
    await live.restart();
    const after = await live.client.settings.get();
    expect(after.bridgePort).toMatchObject({ chosen: 23_456, now: 23_456, afterRestart: false });
    expect(await live.client.settings.set({ bridgePort: null })).toMatchObject({
      bridgePort: { chosen: null, afterRestart: true },
    });
  });

  it('say who decides when a flag does', async () => {
    live = await liveBroker();
    const changed = await live.client.settings.set({ bridgePort: 23_456 });
    expect(changed.bridgePort).toMatchObject({ fixedBy: '--port or TOKENTRAY_PORT', afterRestart: false });
  });

  it.each([80, 0, 65_536, 1.5, Number.NaN])('refuse the port %s', async (bridgePort) => {
    live = await liveBroker();
    await expect(live.client.settings.set({ bridgePort })).rejects.toThrow();
    expect((await live.client.settings.get()).bridgePort.chosen).toBeNull();
  });

  it('decide how a new server signs in, where it does not say so itself', async () => {
    live = await liveBroker();
    await live.client.settings.set({ signIn: 'auto' });
    const added = await live.client.servers.add({ name: 'one', url: 'https://one.example/mcp' });
    expect(added.settings.signIn).toBe('auto');
    const own = await live.client.servers.add({
      name: 'two',
      url: 'https://two.example/mcp',
      settings: { signIn: 'ask' },
    });
    expect(own.settings.signIn).toBe('ask');
    expect((await live.client.servers.show({ server: 'notes' })).settings.signIn).toBe('ask');
  });

  it('do not offer to start at login where nothing can, and pass it on where something can', async () => {
    live = await liveBroker();
    expect((await live.client.settings.get()).startAtLogin).toBeNull();
    await expect(live.client.settings.set({ startAtLogin: true })).rejects.toThrow(/no desktop/u);
    await live[Symbol.asyncDispose]();
    let starts = false;
    live = await liveBroker({ broker: { loginItem: { get: () => starts, set: (next) => void (starts = next) } } });
    expect(await live.client.settings.set({ startAtLogin: true })).toMatchObject({ startAtLogin: true });
    expect(starts).toBe(true);
  });

  it('show where the proxy is without its password', async () => {
    live = await liveBroker({
      broker: { env: { HTTPS_PROXY: 'http://me:canary-pass@proxy.example:3128', NO_PROXY: '127.0.0.1,localhost' } },
    });
    const { network } = await live.client.settings.get();
    expect(network).toMatchObject({
      httpProxy: null,
      httpsProxy: 'http://proxy.example:3128',
      noProxy: '127.0.0.1,localhost',
    });
    expect(JSON.stringify(network)).not.toContain('canary');
  });
});

describe('a pause', () => {
  it('stops every agent with words, and ends with resume', async () => {
    live = await liveBroker();
    await live.signIn();
    const agent = await live.agent(await key('cursor'));
    expect(await agent.callTool({ name: 'echo', arguments: { text: 'one' } })).toMatchObject({
      content: [{ text: 'one' }],
    });
    const { pausedSince } = await live.client.broker.pause();
    expect((await live.client.status()).pausedSince).toBe(pausedSince);
    await expect(agent.callTool({ name: 'echo', arguments: { text: 'two' } })).rejects.toThrow(
      /Tokentray is paused.*press Resume/u,
    );
    await expect(live.client.script.token({ server: 'notes' })).rejects.toThrow(/paused/u);
    expect(live.server.calls['echo']).toBe(1);
    expect(await live.client.broker.resume()).toEqual({ pausedSince: null });
    expect(await agent.callTool({ name: 'echo', arguments: { text: 'three' } })).toMatchObject({
      content: [{ text: 'three' }],
    });
    const kinds = (await live.client.activity.list({})).items.map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(['resumed', 'paused']);
  });

  it('stops agents on stdio too, who are greeted all the same and go on after it', async () => {
    live = await liveBroker();
    await live.signIn();
    await live.client.broker.pause();
    const agent = stdioAgent(live, 'claude-code');
    expect(await agent.ask('initialize', agent.hello)).toMatchObject({ result: { serverInfo: {} } });
    agent.tell('notifications/initialized');
    const call = { name: 'echo', arguments: { text: 'one' } };
    expect(await agent.ask('tools/call', call)).toMatchObject({
      error: { message: expect.stringMatching(/paused.*press Resume/u), data: { code: 'paused' } },
    });
    expect(live.server.calls['echo']).toBeUndefined();
    await live.client.broker.resume();
    expect(await agent.ask('tools/call', call)).toMatchObject({ result: { content: [{ text: 'one' }] } });
    const { uses } = await live.client.servers.details({ server: 'notes' });
    expect(uses).toEqual([expect.objectContaining({ agent: 'claude-code', via: 'stdio' })]);
  });

  it('does not outlive the broker', async () => {
    live = await liveBroker();
    await live.client.broker.pause();
    await live.restart();
    expect((await live.client.status()).pausedSince).toBeNull();
  });
});

describe('who used what', () => {
  it('is noted for agents with keys, told to whoever watches, and shown with the server', async () => {
    live = await liveBroker();
    await live.signIn();
    const changes = await live.client.changes();
    await changes.next();
    const used = (async () => {
      for await (const change of changes) if (change.kind === 'used') return change.use;
      return null;
    })();
    const agent = await live.agent(await key('cursor'));
    await agent.callTool({ name: 'echo', arguments: { text: 'one' } });
    expect(await used).toMatchObject({ server: 'notes', agent: 'cursor', via: 'http' });
    const { uses } = await live.client.servers.details({ server: 'notes' });
    expect(uses).toEqual([await used]);
    const page = await live.client.activity.list({ agent: 'cursor' });
    expect(page.items.map(({ kind, server }) => [kind, server])).toEqual([
      ['used', 'notes'],
      ['agent-added', null],
    ]);
  });

  it('is told under the name that the agent has now', async () => {
    live = await liveBroker();
    await live.signIn();
    const agent = await live.agent(await key('cursor'));
    await agent.callTool({ name: 'echo', arguments: { text: 'one' } });
    const changes = await live.client.changes();
    await changes.next();
    const used = (async () => {
      for await (const change of changes) if (change.kind === 'used') return change;
      return null;
    })();
    const [{ id } = { id: '' }] = await live.client.agents.list();
    await live.client.agents.rename({ id, name: 'Cursor at home' });
    expect(await used).toMatchObject({ use: { server: 'notes', agent: 'Cursor at home' }, was: 'cursor' });
    const { uses } = await live.client.servers.details({ server: 'notes' });
    expect(uses.map((use) => use.agent)).toEqual(['Cursor at home']);
    await agent.callTool({ name: 'echo', arguments: { text: 'two' } });
    expect((await live.client.servers.details({ server: 'notes' })).uses).toHaveLength(1);
  });
});

describe('the details of a server', () => {
  it('are its grant’s times and its client, and no value of any token', async () => {
    live = await liveBroker();
    expect((await live.client.servers.details({ server: 'notes' })).grant).toBeNull();
    await live.signIn();
    const details = await live.client.servers.details({ server: 'notes' });
    expect(details.grant).toMatchObject({ refreshable: true, endedAt: null });
    expect(details.client).toMatchObject({ kind: 'dcr', authentication: 'none' });
    const { access_token } = await live.client.script.token({ server: 'notes' });
    expect(JSON.stringify(details)).not.toContain(access_token);
  });

  it('come with an mcp.json for every way, without a key, and with the address alone', async () => {
    live = await liveBroker();
    const { stdio, http, signIn, placeholder } = await live.client.servers.snippets({ server: 'notes' });
    const url = `${live.broker.control.bridge?.url}/mcp/notes`;
    expect(JSON.parse(stdio)).toEqual({ mcpServers: { notes: { command: 'tokentray', args: ['stdio', 'notes'] } } });
    expect(JSON.parse(http ?? '')).toEqual({
      mcpServers: {
        notes: {
          type: 'http',
          url,
          headers: { Authorization: `Bearer ${placeholder}` },
        },
      },
    });
    expect(signIn?.url).toBe(url);
    expect(JSON.parse(signIn?.file ?? '')).toEqual({ mcpServers: { notes: { type: 'http', url } } });
  });
});

describe('a client that the person brings', () => {
  it('is kept for its issuer, with its secret in the vault and nowhere else', async () => {
    live = await liveBroker({ as: { registration: false } });
    await live.client.servers.bringClient({
      server: 'notes',
      client: { client_id: 'my-app', client_secret: 'canary-client-secret' },
    });
    const plan = await live.client.servers.plan({ server: 'notes' });
    expect(plan.registration).toBe('pre-registered');
    const ofServers = (await live.vault.list()).filter(({ kind }) => kind !== 'audit');
    expect(ofServers).toEqual([expect.objectContaining({ kind: 'registration' })]);
    expect(live.logged.join('\n')).not.toContain('canary');
    expect(JSON.stringify(await live.client.activity.list({}))).not.toContain('canary');
  });
});

describe('clear everything', () => {
  const sure = { confirm: 'clear everything' } as const;

  it('does nothing without the words', async () => {
    live = await liveBroker();
    await expect(live.client.clearEverything({ confirm: 'yes' as never })).rejects.toThrow();
    expect(await live.client.servers.list()).toHaveLength(1);
  });

  it('revokes at the provider, forgets, and leaves nothing behind but the audit, which tells of it', async () => {
    live = await liveBroker();
    await live.signIn();
    const agent = await live.agent(await key('cursor'));
    await agent.callTool({ name: 'echo', arguments: { text: 'one' } });
    await live.client.settings.set({ signIn: 'auto' });
    const { access_token } = await live.client.script.token({ server: 'notes' });
    expect((await live.authorizationServer.verifyAccessToken(access_token, null)).active).toBe(true);
    const changes = await live.client.changes();
    await changes.next();

    const cleared = await live.client.clearEverything(sure);
    expect(cleared.servers).toEqual([
      {
        server: 'notes',
        account: 'default',
        receipt: expect.objectContaining({ confirmed: true }),
        forgotten: true,
        error: null,
      },
    ]);
    expect(cleared.agents).toBe(1);
    expect(cleared.events).toBeGreaterThan(3);
    expect((await live.authorizationServer.verifyAccessToken(access_token, null)).active).toBe(false);
    expect(await live.client.servers.list()).toEqual([]);
    expect(await live.client.agents.list()).toEqual([]);
    expect((await live.client.settings.get()).signIn).toBe('ask');
    expect((await live.client.activity.list({})).items).toEqual([]);
    expect((await live.vault.list()).map(({ kind }) => kind)).toEqual(['audit']);
    const { store } = live.broker.control;
    expect([
      store.uses.list(),
      store.grants.list(),
      store.registrations.history(live.authorizationServer.issuer),
    ]).toEqual([[], [], []]);
    await expect(agent.callTool({ name: 'echo', arguments: { text: 'two' } })).rejects.toThrow();
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'intact' });
    expect((await live.client.audit.list({ kind: 'everything-cleared' })).items).toMatchObject([
      { detail: { agents: 1, forgotten: ['notes'] } },
    ]);
    // Whoever watches begins anew.
    for await (const change of changes) {
      if (change.kind !== 'snapshot') continue;
      expect(change).toMatchObject({ servers: [], agents: [], uses: [], settings: { signIn: 'ask' } });
      break;
    }
  });

  it('says what could only be forgotten here when the provider is gone', async () => {
    live = await liveBroker();
    await live.signIn();
    await live.authorizationServer.close();
    const cleared = await live.client.clearEverything(sure);
    expect(cleared.servers[0]).toMatchObject({
      forgotten: true,
      receipt: { confirmed: false, forgottenHere: true, tokens: [{ outcome: { kind: 'unreachable' } }, {}] },
    });
    expect((await live.vault.list()).map(({ kind }) => kind)).toEqual(['audit']);
  });

  it('keeps a server whole that it cannot clear, says why, and clears the others', async () => {
    live = await liveBroker();
    await live.client.servers.add({ name: 'open', url: 'https://open.example/mcp' });
    await live.signIn();
    const { grants } = live.broker.control;
    const revoke = grants.revoke;
    grants.revoke = (name) => (name === 'notes' ? Promise.reject(new Error('the vault is locked')) : revoke(name));
    const cleared = await live.client.clearEverything(sure);
    expect(cleared.servers).toEqual([
      { server: 'notes', account: 'default', receipt: null, forgotten: false, error: 'the vault is locked' },
      expect.objectContaining({ server: 'open', forgotten: true }),
    ]);
    expect(cleared.vaultItems).toBe(0);
    expect((await live.client.servers.list()).map(({ server, state }) => [server, state.kind])).toEqual([
      ['notes', 'connected'],
    ]);
    grants.revoke = revoke;
    expect((await live.client.script.token({ server: 'notes' })).token_type).toBe('bearer');
  });
});
