// Whoever has a passphrase vault keeps it: a broker that starts by itself takes no other one, and no other one opens its lock.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/process.ts';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

const passphrase = 'correct horse ü';
let profile: Profile;
let key: string;
let served: Run[];

beforeEach(() => {
  profile = makeProfile();
  served = [];
  // Nobody chooses one, as after a login.
  profile.env['TOKENTRAY_VAULT'] = '';
  mkdirSync(profile.home, { recursive: true });
  key = join(profile.home, 'passphrase');
  writeFileSync(key, `${passphrase}\n`);
});
afterEach(async () => {
  await end();
  for (const { child } of served) child.kill('SIGKILL');
  await Promise.all(served.map((each) => each.end));
  profile.remove();
});

const tokentray = (...args: string[]) => runToEnd(profile, args);

/** Ends whatever broker runs. */
async function end(): Promise<void> {
  const { code, out } = await tokentray('status', '--json');
  if (code !== 0) return;
  const { pid } = JSON.parse(out) as { pid: number };
  process.kill(pid, 'SIGTERM');
  await eventually(() => !isAlive(pid));
}

async function serve(...vault: string[]): Promise<Run> {
  const broker = run(profile, ['serve', ...vault]);
  served.push(broker);
  await broker.untilErr('The broker is up');
  return broker;
}
const withPassphrase = (): Promise<Run> => serve('--vault', 'passphrase-file', '--passphrase-file', key);

async function unlockWith(text: string): Promise<{ code: number | string | null; err: string }> {
  const { code, err } = await runToEnd(profile, ['unlock'], { stdin: text });
  return { code, err };
}

const status = async (): Promise<unknown> => JSON.parse((await tokentray('status', '--json')).out);

describe('a broker that starts by itself in a profile with a passphrase vault', () => {
  it('has that vault, stays locked as it was locked, and opens to its passphrase alone; the audit says nothing against it', async () => {
    await withPassphrase();
    await tokentray('lock');
    await end();
    expect((await tokentray('list')).code).toBe(0);
    expect(await status()).toMatchObject({
      vault: { kind: 'passphrase-file', persistent: true },
      lock: { kind: 'locked', because: 'by-hand', unlocksBy: 'passphrase' },
    });
    expect((await unlockWith('')).code).not.toBe(0);
    expect((await unlockWith('wrong horse\n')).err).toContain('This is not the passphrase');
    expect(await unlockWith(`${passphrase}\n`)).toEqual({ code: 0, err: 'Unlocked.\n' });
    await end();
    await withPassphrase();
    expect(await tokentray('audit', 'verify')).toMatchObject({ code: 0, out: expect.stringContaining('intact') });
  }, 90_000);

  it('is locked until somebody gives the passphrase, says why, and is open again when it is started with it', async () => {
    await withPassphrase();
    await end();
    await tokentray('list');
    expect(await status()).toMatchObject({
      lock: { kind: 'locked', because: 'no-passphrase', unlocksBy: 'passphrase' },
    });
    expect((await tokentray('status')).err).toContain('it was started without the passphrase of its vault');
    await end();
    // So it is where the environment names that vault, and nobody can be asked.
    await runToEnd(profile, ['list'], { env: { TOKENTRAY_VAULT: 'passphrase-file' } });
    expect(await status()).toMatchObject({ lock: { kind: 'locked', because: 'no-passphrase' } });
    await end();
    await withPassphrase();
    expect(await status()).toMatchObject({ lock: { kind: 'open' } });
  }, 90_000);

  it('that is locked by hand while nobody gave the passphrase stays so when it is given', async () => {
    await withPassphrase();
    await end();
    await tokentray('list');
    await tokentray('lock');
    await end();
    await withPassphrase();
    expect(await status()).toMatchObject({ lock: { kind: 'locked', because: 'by-hand' } });
  }, 90_000);
});

describe('another vault that is chosen', () => {
  it('is taken, says what it leaves, and opens no lock of the passphrase vault without its passphrase', async () => {
    await withPassphrase();
    await tokentray('lock');
    await end();
    const broker = await serve('--vault', 'memory');
    expect(broker.err()).toContain('What the passphrase vault of this profile holds stays in');
    const { err } = await tokentray('status');
    expect(err).toContain('What the passphrase vault of this profile holds stays in');
    expect(err).toContain('The passphrase of the vault unlocks it');
    expect((await unlockWith('')).code).not.toBe(0);
    expect((await unlockWith('wrong horse\n')).err).toContain('This is not the passphrase');
    expect(await status()).toMatchObject({ vault: { kind: 'memory' }, lock: { kind: 'locked' } });
    expect(await unlockWith(`${passphrase}\n`)).toEqual({ code: 0, err: 'Unlocked.\n' });
    await end();
    await withPassphrase();
    const verdict = await tokentray('audit', 'verify');
    expect(verdict).toMatchObject({ code: 1, out: expect.stringMatching(/^no-key: .*came without the key/u) });
    expect(verdict.out).not.toContain('bad-signature');
  }, 90_000);

  it('is said where the broker starts, in its log and in the audit, and so is that nobody is asked', async () => {
    const broker = await serve('--vault', 'memory', '--approvals', 'off');
    const said = broker.err();
    expect(said).toMatch(/^Approvals are off: agents use every server without anybody being asked\.$/mu);
    expect(said).toMatch(/^The broker is up: http:.* Vault: memory\. Ctrl-C stops it\.$/mu);
    const log = readFileSync(join(profile.home, 'log', 'tokentray.log'), 'utf8');
    expect(log).toContain('approvals are off');
    const rows = (await tokentray('audit', 'list', '--kind', 'broker-started', '--json')).out;
    expect(JSON.parse(rows)).toMatchObject({ detail: { vault: 'memory', approvals: 'off' } });
  }, 60_000);
});
