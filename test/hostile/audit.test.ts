// Whoever edits the audit while no broker runs is found out by the next one, and by the command line of whoever asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { loadSqlite } from '../../main/store/sqlite.ts';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, databaseOf, type AccessWorld } from '../e2e/access/world.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temp.ts';
import { modernCall, post } from './wire.ts';

const verdict = z.object({ verdict: z.string(), at: z.number().nullable() });

let keys: TemporaryFolder;
let world: AccessWorld;
let server: ToolServer;

beforeAll(async () => {
  keys = await temporaryFolder('keys');
  const file = join(keys.path, 'passphrase');
  writeFileSync(file, 'correct horse battery staple\n', { mode: 0o600 });
  // A vault that outlives the broker: its key is what the rows are vouched for by.
  world = await accessWorld({ env: { TOKENTRAY_VAULT: 'passphrase-file', TOKENTRAY_PASSPHRASE_FILE: file } });
  server = await world.server('notes', 'new');
  await world.signIn('notes', 'alice');
  const { key } = await world.key('agent');
  await world.allowNext(() => post(world.bridge, 'notes', { key, ...modernCall('read') }));
  await post(world.bridge, 'notes', { key, ...modernCall('delete') });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await keys.remove();
});

function edit(sql: string): void {
  const db = new (loadSqlite().DatabaseSync)(databaseOf(world.home));
  db.exec(sql);
  db.close();
}

async function verified(): Promise<{ code: number | null; verdict: string; at: number | null }> {
  const { code, stdout } = await world.cli('audit', 'verify', '--json');
  return { code, ...verdict.parse(JSON.parse(stdout)) };
}

describe('an audit that was edited by hand between two runs', () => {
  it('is intact before, with every call and decision in it', async () => {
    const { items } = await world.person.audit.list({ kind: 'tool-call' });
    expect(items.map(({ detail }) => String(detail['tool'])).sort()).toEqual(['delete', 'read']);
    expect((await world.person.audit.list({ kind: 'approved' })).items).toHaveLength(1);
    await world.restart();
    expect(await verified()).toMatchObject({ code: 0, verdict: 'intact', at: null });
  });

  it('names the first row that is not as it was written, and stays found out after another restart', async () => {
    const { items } = await world.person.audit.list({ kind: 'tool-call' });
    const row = items.find(({ detail }) => detail['tool'] === 'delete')?.seq ?? 0;
    await world.restart(() =>
      edit(`UPDATE audit SET detail = replace(detail, '"delete"', '"read"') WHERE seq = ${row}`),
    );
    expect(await verified()).toEqual({ code: 1, verdict: 'changed', at: row });
    await world.restart();
    expect(await verified()).toEqual({ code: 1, verdict: 'changed', at: row });
    await world.restart(() => edit(`DELETE FROM audit WHERE seq = ${row}`));
    expect(await verified()).toEqual({ code: 1, verdict: 'removed', at: row });
    expect(server.reached).toHaveLength(2);
  });
});
