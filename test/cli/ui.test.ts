// `tokentray ui`: a link that lets a browser in, printed or opened, from the broker that runs.
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer } from '../../main/control/socket.ts';
import { fakeBroker } from '../control/fake-broker/fake-broker.ts';
import { silent } from '../support/silent.ts';
import { makeProfile, runToEnd, type Profile } from './program.ts';

const link = 'http://127.0.0.1:18730/open/once';
let profile: Profile;
let control: ControlServer | null = null;
let window = 0;

async function start(hasWindow: boolean): Promise<void> {
  const { deps } = fakeBroker();
  control = await listenControl({
    path: profile.controlSocket,
    deps: {
      ...deps,
      async openUi({ linkOnly }) {
        if (linkOnly || !hasWindow) return { kind: 'link', link };
        window += 1;
        return { kind: 'window' };
      },
    },
    onStdio: () => undefined,
    log: silent,
  });
}

/** A program that is given the address as its one argument and writes it down. */
function browser(): { file: string; env: NodeJS.ProcessEnv } {
  const file = join(profile.home, 'opened');
  const program = join(profile.home, 'browser');
  writeFileSync(program, `#!/bin/sh\nprintf '%s' "$1" > "${file}.part" && mv "${file}.part" "${file}"\n`, {
    mode: 0o755,
  });
  return { file, env: { TOKENTRAY_BROWSER: program } };
}

beforeEach(() => {
  profile = makeProfile();
  window = 0;
});
afterEach(async () => {
  await control?.close();
  profile.remove();
});

describe('tokentray ui', () => {
  it('opens the link in the browser, and does not print it', async () => {
    await start(false);
    const { file, env } = browser();
    const { code, out, err } = await runToEnd(profile, ['ui'], { env });
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('Opened in the browser');
    expect(err).not.toContain(link);
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toBe(link);
  });

  it('with --no-open prints the link alone on stdout, and what it is worth on stderr', async () => {
    await start(true);
    const { code, out, err } = await runToEnd(profile, ['ui', '--no-open']);
    expect({ code, out }).toEqual({ code: 0, out: `${link}\n` });
    expect(err).toContain('Works once');
    expect(window).toBe(0);
    const asJson = await runToEnd(profile, ['ui', '--no-open', '--json']);
    expect(JSON.parse(asJson.out)).toEqual({ kind: 'link', link });
  });

  it('shows the link where no browser can be started', async () => {
    await start(false);
    const { code, err } = await runToEnd(profile, ['ui'], { env: { TOKENTRAY_BROWSER: join(profile.home, 'none') } });
    expect(code).toBe(0);
    expect(err).toContain(link);
  });

  it('brings up the app’s own window where there is one', async () => {
    await start(true);
    const { code, out, err } = await runToEnd(profile, ['ui']);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('Opened the window');
    expect(window).toBe(1);
  });
});
