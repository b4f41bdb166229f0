// A whole broker knows who comes over stdio: named in the list with its evidence, noted as used, and shut out at once when revoked.
import { createInterface } from 'node:readline';
import { duplexPair } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { Peer } from '../../main/access/evidence/peer.ts';
import { linuxProcesses } from '../../main/access/evidence/linux.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';
import { start } from './evidence/children.ts';

let live: LiveBroker;
afterEach(() => live[Symbol.asyncDispose]());

/** An agent whose process is a real one. */
function come(pid: number, agentName: string | null) {
  const [ours, theirs] = duplexPair();
  const peer: Peer = { pid, uid: process.getuid?.() ?? 0, askedAt: linuxProcesses().now() };
  const hello = { server: 'notes', agentName, pid, parentPid: 1, cwd: '/', argv: [], version: '0', resumed: false };
  live.broker.onStdio(hello, theirs, peer);
  const lines = createInterface({ input: ours });
  const gone = new Promise<void>((resolve) => ours.once('end', () => resolve()));
  let id = 0;
  return {
    gone,
    ask: (method: string, params: object) =>
      new Promise<unknown>((resolve) => {
        const own = (id += 1);
        const look = (line: string) => {
          const message = JSON.parse(line) as { id?: number };
          if (message.id !== own) return;
          lines.off('line', look);
          resolve(message);
        };
        lines.on('line', look);
        ours.write(`${JSON.stringify({ jsonrpc: '2.0', id: own, method, params })}\n`);
      }),
  };
}

const hello = (name: string) => ({
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name, version: '3.1' },
});
const program = async () => {
  const child = start(process.execPath, ['-e', `console.log('up'); process.stdin.resume()`]);
  await child.line();
  return child.pid;
};

describe.runIf(process.platform === 'linux')('an agent on stdio', () => {
  it('is in the list with what it says and what was checked, under the name that its messages gave', async () => {
    live = await liveBroker();
    const pid = await program();
    const agent = come(pid, null);
    await agent.ask('initialize', hello('claude-code'));
    expect(await live.client.agents.list()).toEqual([
      expect.objectContaining({
        name: 'claude-code',
        kind: 'stdio',
        lastUsedAt: expect.any(Number),
        claimed: { name: null, client: { name: 'claude-code', version: '3.1' }, clientUri: null },
        checked: expect.objectContaining({ by: 'kernel', pid, script: expect.stringMatching(/^inline code/u) }),
      }),
    ]);
    const { uses } = await live.client.servers.details({ server: 'notes' });
    expect(uses).toEqual([expect.objectContaining({ agent: 'claude-code', via: 'stdio' })]);
  });

  it('is cut off within a second when a person revokes it, and another one is not', async () => {
    live = await liveBroker();
    const [one, other] = [come(await program(), 'Cursor'), come(await program(), 'Claude')];
    await one.ask('initialize', hello('cursor'));
    await other.ask('initialize', hello('claude'));
    const since = performance.now();
    expect(await live.client.agents.revoke({ name: 'Cursor' })).toEqual({ revoked: true });
    await one.gone;
    expect(performance.now() - since).toBeLessThan(1_000);
    expect(await other.ask('ping', {})).toMatchObject({ result: {} });
    // Coming again it is somebody new, whom nobody has decided about.
    const again = come(await program(), 'Cursor');
    await again.ask('initialize', hello('cursor'));
    const rows = (await live.client.agents.list()).filter(({ name }) => name === 'Cursor');
    expect(rows.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
    expect(rows).toHaveLength(2);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2);
  });

  it('can be renamed and trusted by its id, and the activity says so', async () => {
    live = await liveBroker();
    const agent = come(await program(), 'Cursor');
    await agent.ask('initialize', hello('cursor'));
    const [row] = await live.client.agents.list();
    const id = row?.id ?? '';
    expect(await live.client.agents.trust({ id, trusted: true })).toMatchObject({ id, trusted: true });
    expect(await live.client.agents.rename({ id, name: 'My Cursor' })).toMatchObject({ id, name: 'My Cursor' });
    const kinds = (await live.client.events.list({})).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['agent-trusted', 'agent-renamed']));
  });
});
