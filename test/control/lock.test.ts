// The lock as a person has it: over a whole broker with a real provider and server, in every surface, and across a restart.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createRouterClient } from '@orpc/server';
import { describe, expect, it } from 'vitest';
import { createControlRouter } from '../../main/control/router.ts';
import type { CallContext } from '../../main/control/implement.ts';
import type { Change } from '../../preload/contract.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/eventually.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

const minute = 60_000;
const echo = { name: 'echo', arguments: { text: 'now' } };

/** As an agent's own command comes in at the control socket. */
const byAgent = ({ broker }: LiveBroker) => {
  const agent = { pid: 1, startedAt: 1, agentId: 'a' };
  const startedBy: CallContext['startedBy'] = async () => ({ kind: 'agent', agent });
  return createRouterClient(createControlRouter(broker.control), { context: { session: null, startedBy } });
};

async function signedIn(clock: FakeClock = createFakeClock(Date.now())): Promise<LiveBroker> {
  const live = await liveBroker({ broker: { clock, seesScreenLock: true } });
  await live.signIn();
  return live;
}

async function agentOf(live: LiveBroker): Promise<Client> {
  const { key } = await live.client.script.addAgent({ name: 'tester' });
  return live.agent(key);
}

const textOf = (result: Awaited<ReturnType<Client['callTool']>>): string => JSON.stringify(result.content);

describe('a locked broker', () => {
  it('says so in status, snapshot and stream, refuses agents and scripts, and goes on afterwards', async () => {
    await using live = await signedIn();
    const agent = await agentOf(live);
    expect(textOf(await agent.callTool(echo))).toContain('now');
    const gone = new AbortController();
    const changes = await live.client.changes(undefined, { signal: gone.signal });
    const heard: Change[] = [];
    const listening = (async () => {
      for await (const change of changes) heard.push(change);
    })();
    await eventually(() => heard.some(({ kind }) => kind === 'snapshot'));
    expect(heard[0]).toMatchObject({ lock: { kind: 'open' } });
    const locked = await live.client.lock.lock();
    expect(locked).toMatchObject({ kind: 'locked', because: 'by-hand', unlocksBy: 'click' });
    expect(await live.client.lock.state()).toEqual(locked);
    expect((await live.client.status()).lock).toEqual(locked);
    await eventually(() => heard.some((change) => change.kind === 'lock'));
    expect(heard.find((change) => change.kind === 'lock')).toEqual({ kind: 'lock', lock: locked });
    const refused = await agent.callTool(echo);
    expect(refused.isError).toBe(true);
    expect(textOf(refused)).toContain('Tokentray is locked');
    expect(live.server.calls).toEqual({ echo: 1 });
    await expect(live.client.script.token({ server: 'notes' })).rejects.toMatchObject({ data: { code: 'locked' } });
    await expect(live.client.signIn.start({ server: 'notes' })).rejects.toMatchObject({ data: { code: 'locked' } });
    await expect(live.client.servers.forget({ server: 'notes' })).rejects.toMatchObject({ data: { code: 'locked' } });
    // Clearing everything would clear the lock, too.
    await expect(live.client.clearEverything({ confirm: 'clear everything' })).rejects.toMatchObject({
      data: { code: 'locked' },
    });
    expect(await live.client.adoption.list()).toEqual([]);
    expect(await live.client.lock.unlock({})).toEqual({ kind: 'open' });
    expect(textOf(await agent.callTool(echo))).toContain('now');
    gone.abort();
    await listening;
  });

  it('can be locked by an agent, and unlocked or made to lock less by none', async () => {
    await using live = await signedIn();
    expect(await byAgent(live).lock.lock()).toMatchObject({ kind: 'locked' });
    const refused = { data: { code: 'agent_refused' } };
    await expect(byAgent(live).lock.unlock({})).rejects.toMatchObject(refused);
    await expect(byAgent(live).settings.set({ lock: { streams: 'go-on' } })).rejects.toMatchObject(refused);
    expect(await live.client.lock.state()).toMatchObject({ kind: 'locked' });
  });

  it('stays locked when it is started again, with the vault shut before anything reads from it', async () => {
    await using live = await signedIn();
    await live.client.lock.lock();
    await live.restart();
    expect(await live.client.lock.state()).toMatchObject({ kind: 'locked', because: 'by-hand' });
    const agent = await agentOf(live);
    expect(textOf(await agent.callTool(echo))).toContain('Tokentray is locked');
    await expect(live.client.script.token({ server: 'notes' })).rejects.toMatchObject({ data: { code: 'locked' } });
    await live.client.lock.unlock({});
    expect(textOf(await agent.callTool(echo))).toContain('now');
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'intact' });
    await live.restart();
    expect(await live.client.lock.state()).toEqual({ kind: 'open' });
  });

  it('records what happened meanwhile, chained, and signs it when the key is back', async () => {
    await using live = await signedIn();
    await live.client.lock.lock();
    expect(await live.client.audit.verify()).not.toMatchObject({ verdict: 'intact' });
    const agent = await agentOf(live);
    await agent.callTool(echo);
    await live.client.lock.unlock({});
    const verdict = await live.client.audit.verify();
    expect(verdict).toMatchObject({ verdict: 'intact' });
    const kinds = (await live.client.audit.list({})).items.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['locked', 'unlocked']));
    const refusedCall = (await live.client.audit.list({})).items.find(({ detail }) => detail['rule'] === 'locked');
    expect(refusedCall?.seq).toBeLessThanOrEqual(verdict.signedTo ?? 0);
    expect((await live.client.activity.list({})).items.map(({ kind }) => kind)).toContain('locked');
  });

  it('was locked by nobody doing anything, where the person wants that; a request of an agent counts', async () => {
    const clock = createFakeClock(Date.now());
    await using live = await signedIn(clock);
    const set = await live.client.settings.set({ lock: { afterIdleMinutes: 10 } });
    expect(set.lock).toEqual({ afterIdleMinutes: 10, onScreenLock: false, streams: 'end' });
    const agent = await agentOf(live);
    await clock.advance(8 * minute);
    await agent.callTool(echo);
    await clock.advance(8 * minute);
    // Looking on is no action.
    expect((await live.client.status()).lock).toEqual({ kind: 'open' });
    await clock.advance(3 * minute);
    expect(await live.client.lock.state()).toMatchObject({ kind: 'locked', because: 'idle' });
  });

  it('was locked with the screen, where the person wants that and the host hears of it', async () => {
    await using live = await signedIn();
    live.broker.screenLocked();
    expect(await live.client.lock.state()).toEqual({ kind: 'open' });
    await live.client.settings.set({ lock: { onScreenLock: true } });
    live.broker.screenLocked();
    expect(await live.client.lock.state()).toMatchObject({ kind: 'locked', because: 'screen' });
  });

  it('without a desktop offers no locking with the screen', async () => {
    await using live = await liveBroker();
    expect((await live.client.settings.get()).lock.onScreenLock).toBeNull();
    await expect(live.client.settings.set({ lock: { onScreenLock: true } })).rejects.toMatchObject({
      data: { code: 'invalid_input' },
    });
  });
});

describe('a panic', () => {
  it('ends every stream, gives every grant back, and leaves it locked with a receipt', async () => {
    await using live = await signedIn();
    const agent = await agentOf(live);
    const running = agent.callTool({ name: 'slow', arguments: { steps: 0 } }).catch(() => null);
    await live.server.until(() => live.server.calls['slow'] === 1);
    const clock = live.broker.control.clock as FakeClock;
    const receipt = await live.client.lock.panic({ revoke: true });
    await clock.advance(1_000);
    await running;
    await live.server.until(() => live.server.openStreams().length === 0);
    expect(receipt).toMatchObject({
      locked: true,
      streams: expect.any(Number) as number,
      receipts: [{ server: 'notes', account: 'default', receipt: { confirmed: true }, error: null }],
    });
    expect(receipt.streams).toBeGreaterThan(0);
    expect(live.authorizationServer.stats.count({ endpoint: 'revocation' })).toBeGreaterThan(0);
    expect(await live.client.lock.state()).toMatchObject({ kind: 'locked', because: 'panic' });
    expect(await live.vault.list().catch((error: { code?: string }) => error.code)).toBe('vault_locked');
    await live.client.lock.unlock({});
    expect((await live.client.servers.show({ server: 'notes' })).state).toMatchObject({ kind: 'needs-sign-in' });
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'intact' });
  });

  it('lends nothing from its first moment on, while a provider still hangs, and does not wait for it', async () => {
    const clock = createFakeClock(Date.now());
    await using live = await signedIn(clock);
    const agent = await agentOf(live);
    await agent.callTool(echo);
    const { release } = live.authorizationServer.hold('revocation');
    const panic = live.client.lock.panic({ revoke: true });
    await clock.settle();
    const refused = await agent.callTool(echo);
    expect(textOf(refused)).toContain('Tokentray is locked');
    await expect(live.client.script.token({ server: 'notes' })).rejects.toMatchObject({ data: { code: 'locked' } });
    await clock.advance(10_000);
    const receipt = await panic;
    expect(receipt.receipts).toMatchObject([
      { server: 'notes', receipt: { confirmed: false, forgottenHere: true }, error: null },
    ]);
    expect(live.server.calls).toEqual({ echo: 1 });
    release();
  });

  it('with secrets in memory only drops them, and keeps the audit verifiable', async () => {
    await using live = await signedIn();
    expect((await live.vault.list()).some(({ kind }) => kind === 'grant')).toBe(true);
    await live.client.lock.panic({ revoke: false });
    await live.client.lock.unlock({});
    expect((await live.vault.list()).map(({ kind }) => kind)).toEqual(['audit']);
    await expect(live.client.script.token({ server: 'notes' })).rejects.toMatchObject({
      data: { code: 'needs_sign_in' },
    });
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'intact' });
  });

  it('while it is locked says that nothing could be given back', async () => {
    await using live = await signedIn();
    await live.client.lock.lock();
    const { receipts } = await live.client.lock.panic({ revoke: true });
    expect(receipts).toEqual([
      { server: 'notes', account: 'default', receipt: null, error: 'It was locked already: unlock, then revoke it.' },
    ]);
  });
});

describe('an agent on the HTTP bridge', () => {
  it('that begins while it is locked is greeted, and needs no restart when it is unlocked', async () => {
    await using live = await signedIn();
    const { key } = await live.client.script.addAgent({ name: 'late' });
    await live.client.lock.lock();
    const agent = new Client({ name: 'late', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    const url = new URL(`${live.broker.control.bridge?.url ?? ''}/mcp/notes`);
    await agent.connect(
      new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
    );
    expect(textOf(await agent.callTool(echo))).toContain('Tokentray is locked');
    await live.client.lock.unlock({});
    expect(textOf(await agent.callTool(echo))).toContain('now');
    await agent.close();
  });
});
