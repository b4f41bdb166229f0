// The system script installs only where it may; elsewhere it names what is missing and lets the tests go on.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/system.sh', import.meta.url));

describe.runIf(process.platform === 'linux')('a system where nothing can be installed', () => {
  it('is told what is missing, which tests that skips and what would help; and that is no failure', async () => {
    const bin = await mkdtemp(join(tmpdir(), 'bin-'));
    for (const program of ['bash', 'uname', 'id', 'grep']) {
      const path = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
      await symlink(path, join(bin, program));
    }
    const run = spawnSync(join(bin, 'bash'), [script], { env: { PATH: bin }, encoding: 'utf8' });
    await rm(bin, { recursive: true });
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/missing: a Chromium browser .*Skipped without it: sign-in through a real browser/u);
    expect(run.stdout).toMatch(/missing: gnome-keyring .*apt-get install gnome-keyring/u);
    expect(run.stdout).toMatch(/missing: dbus-run-session /u);
    expect(run.stderr).toBe('');
  });
});
