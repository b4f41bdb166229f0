// `tokentray audit`: rows as tables and files, a verdict with an exit code, and a collector that gets them all.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAudit } from '../../main/audit/audit.ts';
import type { Audit } from '../../main/audit/types.ts';
import { sinceWhen } from '../../main/cli/commands/audit.ts';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer } from '../../main/control/socket.ts';
import { openDatabase, storeOver } from '../../main/store/open.ts';
import type { Database } from '../../main/store/sqlite.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { fakeBroker } from '../control/fake-broker/fake-broker.ts';
import { silent } from '../support/silent.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startCollector } from '../support/otlp-collector.ts';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile } from './program.ts';

let profile: Profile;
let audit: Audit;
let control: ControlServer;
let database: Database;

beforeEach(async () => {
  profile = makeProfile();
  database = openDatabase(':memory:');
  audit = await createAudit({
    store: storeOver(database),
    vault: memoryVault(),
    clock: createFakeClock(),
    log: silent,
    settings: () => ({ arguments: false, keepDays: 365, keepMegabytes: 256 }),
  });
  control = await listenControl({
    path: profile.controlSocket,
    deps: { ...fakeBroker().deps, audit },
    onStdio: () => undefined,
    log: silent,
  });
  for (let n = 1; n <= 5; n += 1) {
    audit.append({ kind: 'tool-call', server: 'linear', account: 'work', agent: 'cursor', detail: { tool: `t${n}` } });
  }
  audit.append({ kind: 'approved', server: 'github', agent: '=cmd|calc', detail: { text: '\u202eevil\n<b>' } });
});

afterEach(async () => {
  await control.close();
  await audit.close();
  database.close();
  profile.remove();
});

const tokentray = (args: string, options: Parameters<typeof runToEnd>[2] = {}) =>
  runToEnd(profile, ['audit', ...args.split(' ').filter(Boolean)], options);

describe('list', () => {
  it('shows the newest rows, the newest last, with foreign words made harmless', async () => {
    const { code, out } = await tokentray('list --limit 2');
    expect(code).toBe(0);
    const [head, first, second, ...more] = out.trimEnd().split('\n');
    expect(head).toMatch(/^ROW +TIME +KIND/u);
    expect(first).toMatch(/^5 +2026-01-01 00:00:00Z +tool-call +linear +work +cursor +tool=t5$/u);
    expect(second).toContain('text="\\u202eevil\\n<b>"');
    expect(more).toEqual([]);
  });

  it('narrows, and prints one JSON object a line', async () => {
    const { out } = await tokentray('list --json --agent cursor --kind tool-call --server linear --limit 3');
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; hash: string });
    expect(rows.map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(rows[0]?.hash).toMatch(/^[0-9a-f]{64}$/u);
    expect(await tokentray('list --server nobody')).toMatchObject({ code: 0, out: '' });
  });

  it('goes on with what comes, until it is interrupted', async () => {
    const running = run(profile, ['audit', 'list', '--follow', '--limit', '1']);
    await running.until('approved');
    audit.append({ kind: 'locked' });
    await running.until('locked');
    running.child.kill('SIGINT');
    expect(await running.end).toBe(0);
  });
});

describe('verify', () => {
  it('ends with 0 when every row is as it was written', async () => {
    expect(await tokentray('verify')).toMatchObject({ code: 0, out: expect.stringMatching(/^intact: All 6 rows/u) });
    expect(JSON.parse((await tokentray('verify --json')).out)).toMatchObject({ verdict: 'intact', rows: 6 });
  });

  it('ends with 1 when one is not, names it and says what to do', async () => {
    await audit.flush();
    database.exec(`UPDATE audit SET agent = 'other' WHERE seq = 4`);
    const { code, out } = await tokentray('verify');
    expect(code).toBe(1);
    expect(out).toMatch(/^changed: Row 4 is not as it was written.*Keep a copy of the database/u);
    expect(JSON.parse((await tokentray('verify --json')).out)).toMatchObject({ verdict: 'changed', at: 4 });
  });
});

describe('export', () => {
  it('writes JSON lines that hold all that is hashed, oldest first', async () => {
    const { code, out } = await tokentray('export --format jsonl');
    expect(code).toBe(0);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map((row) => row['seq'])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rows[1]?.['previous']).toBe(rows[0]?.['hash']);
    expect(rows[0]).toMatchObject({ at: 1_767_225_600_000, time: '2026-01-01T00:00:00.000Z', account: 'work' });
  });

  it('writes CSV in which nothing is a formula, to a file of this user only', async () => {
    const file = join(profile.home, 'audit.csv');
    expect(await tokentray(`export --format csv -o ${file} --json`)).toMatchObject({ code: 0 });
    const text = readFileSync(file, 'utf8');
    expect(text.split('\r\n')).toHaveLength(8);
    expect(text).toMatch(/^"seq","time","kind","server","account","agent","detail","previous","hash"\r\n"1",/u);
    expect(text).toContain(`"'=cmd|calc"`);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await tokentray(`export --format csv -o ${profile.home}`)).toMatchObject({ code: 2 });
  });

  it('sends everything to a collector, with the header of the environment or of a file', async () => {
    const collector = await startCollector();
    try {
      const env = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary' };
      const sent = await tokentray(`export --format otlp --otlp-endpoint ${collector.url} --json`, { env });
      expect(sent).toMatchObject({ code: 0, out: '{"accepted":6,"rejected":0}\n' });
      expect(collector.received[0]?.headers.authorization).toBe('Bearer canary');
      const file = join(profile.home, 'headers');
      writeFileSync(file, 'X-Team: blue\n');
      collector.answers.push({
        status: 200,
        body: '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}',
      });
      const partly = await tokentray(
        `export --format otlp --otlp-endpoint ${collector.url} --kind approved --otlp-headers-file ${file}`,
      );
      expect(partly).toMatchObject({ code: 1, err: expect.stringContaining('rejected 1') });
      expect(collector.received[1]?.headers['x-team']).toBe('blue');
    } finally {
      await collector.close();
    }
  });

  it.each([
    ['', 'needs more words'],
    ['export', '--format jsonl, csv or otlp'],
    ['export --format xml', '--format jsonl, csv or otlp'],
    ['export --format otlp', 'no collector is named'],
    ['export --format otlp --otlp-endpoint ftp://x', 'no http(s) address'],
    ['list --since yesterday', '--since takes a time'],
    ['list --limit many', '--limit takes a number'],
    ['burn', 'audit takes list, verify or export'],
  ])('`tokentray audit %s` ends with exit code 2 and one reason', async (args, reason) => {
    expect(await tokentray(args)).toMatchObject({ code: 2, err: expect.stringContaining(reason) });
  });
});

describe('a time to begin with', () => {
  it('is a length or a date', () => {
    const now = Date.UTC(2026, 0, 31);
    expect(sinceWhen('30m', now)).toBe(now - 1_800_000);
    expect(sinceWhen('7d', now)).toBe(now - 7 * 86_400_000);
    expect(sinceWhen('2026-01-01', now)).toBe(Date.UTC(2026, 0, 1));
    expect(sinceWhen('2026-01-01T12:00:00Z', now)).toBe(Date.UTC(2026, 0, 1, 12));
  });
});
