// On the command line a person locks, unlocks and stops everything, over a real broker whose passphrase is asked for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.ts';
import { createBrowser } from '../support/browser.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

const passphrase = 'correct horse ü';
let profile: Profile;
let broker: Run | null;

beforeEach(() => {
  profile = makeProfile();
  broker = null;
});
afterEach(async () => {
  broker?.child.kill('SIGTERM');
  await broker?.end;
  profile.remove();
});

const file = (name: string, text: string): string => {
  mkdirSync(profile.home, { recursive: true });
  writeFileSync(join(profile.home, name), text);
  return join(profile.home, name);
};

async function serve(vault: 'memory' | 'passphrase-file'): Promise<void> {
  const key = file('passphrase', `${passphrase}\n`);
  broker = run(profile, ['serve', '--vault', vault, '--passphrase-file', key]);
  await broker.untilErr('The broker is up');
}

async function end(): Promise<void> {
  broker?.child.kill('SIGTERM');
  await broker?.end;
}

const tokentray = (...args: string[]) => runToEnd(profile, args);

async function unlockWith(text: string): Promise<{ code: number | string | null; err: string }> {
  const unlocking = run(profile, ['unlock']);
  unlocking.child.stdin.end(text);
  return { code: await unlocking.end, err: unlocking.err() };
}

describe('tokentray lock and unlock', () => {
  it('with a passphrase vault need the passphrase, from stdin or a file, also after a restart', async () => {
    await serve('passphrase-file');
    const locked = await tokentray('lock');
    expect(locked).toMatchObject({ code: 0, out: '' });
    expect(locked.err).toMatch(
      /^Locked since .* \(by hand\)\. The passphrase of the vault unlocks it: tokentray unlock\n$/u,
    );
    const status = await tokentray('status');
    expect(status.code).toBe(0);
    expect(status.err).toContain('Locked since');
    const wrong = await unlockWith('wrong horse\n');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('This is not the passphrase');
    expect(wrong.err).not.toContain('wrong horse');
    // The broker that comes next is given its passphrase, and is locked all the same.
    await end();
    await serve('passphrase-file');
    expect(JSON.parse((await tokentray('status', '--json')).out)).toMatchObject({
      lock: { kind: 'locked', because: 'by-hand', unlocksBy: 'passphrase' },
    });
    expect(await unlockWith(`${passphrase}\n`)).toEqual({ code: 0, err: 'Unlocked.\n' });
    expect((await tokentray('unlock')).err).toBe('It was not locked.\n');
    await tokentray('lock');
    const given = await tokentray('unlock', '--passphrase-file', file('given', passphrase), '--json');
    expect(JSON.parse(given.out)).toEqual({ kind: 'open' });
  }, 60_000);

  it('without a keychain say that what is withheld stays in memory', async () => {
    await serve('memory');
    const { err } = await tokentray('lock');
    expect(err).toContain('Whoever sits at this machine can unlock it');
    expect(err).toContain('they stay in its memory');
    expect((await tokentray('token', 'demo')).err).toContain('Tokentray is locked');
    expect((await tokentray('unlock')).err).toBe('Unlocked.\n');
  }, 60_000);
});

describe('tokentray panic', () => {
  it('stops everything, says what ended, and leaves it locked', async () => {
    await serve('memory');
    const { code, err } = await tokentray('panic', '--revoke');
    expect(code).toBe(0);
    expect(err).toContain('Ended: 0 streams, 0 approvals for once or for a session.');
    expect(err).toMatch(/Locked since .* \(panic\)/u);
    expect(JSON.parse((await tokentray('panic', '--json')).out)).toEqual({
      locked: true,
      streams: 0,
      approvals: 0,
      dropped: 0,
      receipts: [],
    });
  }, 60_000);

  it('says how many sign-ins went with the memory that held them, and the list says so at once', async () => {
    const as = await startAuthorizationServer();
    const server = await startMcpServer({ era: 'modern', auth: { authorizationServer: as } });
    try {
      await serve('memory');
      await tokentray('add', 'demo', server.url);
      const connect = run(profile, ['connect', 'demo', '--no-browser', '--json']);
      await connect.until('"kind":"sign-in"');
      const lines = connect.out().trimEnd().split('\n');
      const urls = lines.map((line) => (JSON.parse(line) as { url?: string }).url);
      await createBrowser().open(urls.findLast((url) => url !== undefined) ?? '');
      expect(await connect.end).toBe(0);
      const { err } = await tokentray('panic');
      expect(err).toContain('Dropped: 1 sign-in was held in memory only, and is gone.');
      expect((await tokentray('list')).out).toContain('the vault no longer has its secrets');
      expect((await tokentray('status')).out).toContain('0 connected, 1 need sign-in');
    } finally {
      await server.close();
      await as.close();
    }
  }, 60_000);
});
