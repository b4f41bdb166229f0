// A day of a real broker is in its audit, whole and without a secret, and whoever edits it afterwards is found out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSqlite } from '../../main/store/sqlite.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
let secrets: string[];

beforeEach(async () => {
  live = await liveBroker();
  secrets = [];
});

afterEach(() => live[Symbol.asyncDispose]());

/** Sign-in, calls with arguments kept, a script's token, a pause, settings, an agent that goes, a revocation. */
async function day(): Promise<void> {
  await live.signIn();
  const { key } = await live.client.script.addAgent({ name: 'cursor' });
  await live.client.settings.set({ audit: { arguments: true, keepDays: 30 } });
  const agent = await live.agent(key);
  await agent.callTool({ name: 'echo', arguments: { text: 'hello', password: 'canary-password-7f3a' } });
  await live.client.servers.updateSettings({ server: 'notes', settings: { signIn: 'auto' } });
  const { access_token } = await live.client.script.token({ server: 'notes' });
  await live.client.broker.pause();
  await live.client.broker.resume();
  await live.client.agents.revoke({ name: 'cursor' });
  await live.client.revoke({ server: 'notes' });
  secrets.push(key, access_token, 'canary-password-7f3a');
}

const rows = async (kind: string) => (await live.client.audit.list({ kind })).items;
const edit = (sql: string) => {
  const db = new (loadSqlite().DatabaseSync)(join(live.folder, 'tokentray.db'));
  db.exec(sql);
  db.close();
};

describe('the audit of a real broker', () => {
  it('has everything that happened, in order, each with what is known of it', async () => {
    await day();
    const kinds = (await live.client.audit.list({ after: 0, limit: 500 })).items.map(({ kind }) => kind);
    const inOrder = [
      'broker-started',
      'server-added',
      'sign-in-started',
      'signed-in',
      'agent-added',
      'settings-changed',
      'tool-call',
      'server-settings-changed',
      'token-lent',
      'paused',
      'resumed',
      'agent-revoked',
      'revoked',
    ];
    expect(kinds.filter((kind, index) => inOrder.includes(kind) && kinds.indexOf(kind) === index)).toEqual(inOrder);
    expect(await rows('tool-call')).toMatchObject([
      {
        server: 'notes',
        agent: 'cursor',
        detail: { tool: 'echo', outcome: 'ok', arguments: { text: 'hello', password: '[redacted]' } },
      },
    ]);
    const [call] = await rows('tool-call');
    for (const figure of ['ms', 'requestBytes', 'answerBytes']) expect(call?.detail[figure]).toBeGreaterThan(0);
    expect(await rows('token-lent')).toMatchObject([{ server: 'notes', account: 'default' }]);
    expect(await rows('broker-started')).toMatchObject([
      { detail: { vault: 'memory', approvals: expect.any(String) as unknown } },
    ]);
    expect((await rows('settings-changed'))[0]?.detail).toMatchObject({
      settings: 'audit',
      audit: '{"arguments":true,"keepDays":30}',
    });
    expect((await rows('revoked'))[0]?.detail).toMatchObject({ grant: expect.any(String) as unknown });
    expect(await live.client.audit.choices()).toMatchObject({ servers: ['notes'], agents: ['cursor'] });
    expect(await live.client.settings.get()).toMatchObject({
      audit: { arguments: true, keepDays: 30, keepMegabytes: 256 },
    });
  });

  it('holds no secret, neither in its rows nor in its files nor in what it hands out', async () => {
    await day();
    const files = (await Promise.all([
      live.client.audit.export({ format: 'jsonl' }),
      live.client.audit.export({ format: 'csv' }),
    ])) as { content: string }[];
    await live.restart();
    const database = readFileSync(join(live.folder, 'tokentray.db'), 'latin1');
    for (const secret of secrets) {
      for (const { content } of files) expect(content).not.toContain(secret);
      expect(database).not.toContain(secret);
    }
    expect(files[0]?.content.split('\n').length).toBeGreaterThan(12);
    expect(files[1]?.content).toMatch(/^"seq","time",/u);
  });

  it('is intact after a restart, signed to the row that says that the broker stopped', async () => {
    await day();
    await live.restart();
    const [stopped] = await rows('broker-stopped');
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'intact', signedTo: stopped?.seq });
  });

  it('names the row that somebody edited, whether the broker ran or not', async () => {
    await day();
    const [call] = await rows('tool-call');
    await live.restart();
    edit(`UPDATE audit SET agent = 'somebody-else' WHERE seq = ${call?.seq}`);
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'changed', at: call?.seq });
    await live.restart();
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'changed', at: call?.seq });
    edit(`DELETE FROM audit WHERE seq = ${(call?.seq ?? 0) - 1}`);
    expect(await live.client.audit.verify()).toMatchObject({ verdict: 'removed', at: (call?.seq ?? 0) - 1 });
  });
});
