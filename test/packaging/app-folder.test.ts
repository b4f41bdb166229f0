// The app is packed with what runs and nothing else, locked as it is meant to be, and what was packed runs.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { extractAll } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { filesOf, fuseProblems, problemsOf, strangers } from '../../scripts/package-check.ts';
import type { AppFolder } from '../../scripts/package-check.ts';
import { runProcess, startProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { TemporaryFolder } from '../support/temp.ts';
import { ensureBuilt, leftovers } from './built.ts';
import { pack } from './pack.ts';
import type { Packed } from './pack.ts';
import type { System } from './stand-in-electron.ts';

const here: System = process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';
/** electron-builder makes no macOS app on Windows. */
const systems: readonly System[] = process.platform === 'win32' ? ['linux', 'win32'] : ['linux', 'darwin', 'win32'];

let folder: TemporaryFolder;
const packed = new Map<System, Packed>();

beforeAll(async () => {
  folder = await temporaryFolder('pack');
  await ensureBuilt();
  // Both processors for one system; the others differ in nothing but the binding's name.
  for (const system of systems) {
    packed.set(system, await pack(folder, system, system === here ? ['x64', 'arm64'] : ['arm64']));
  }
}, 240_000);

afterAll(async () => folder.remove());

function appsFor(system: System): readonly AppFolder[] {
  return packed.get(system)?.apps ?? [];
}

function app(system: System, arch: AppFolder['arch'] = 'arm64'): AppFolder {
  const found = appsFor(system).find((one) => one.arch === arch);
  if (found === undefined) throw new Error(`no app for ${system} ${arch}`);
  return found;
}

/** What would run on this machine, by the keychain's binding. */
function own(): AppFolder {
  return app(here, process.arch === 'arm64' ? 'arm64' : 'x64');
}

describe.each(systems)('the app for %s', (system) => {
  it('has what runs and nothing else, whole, with the keychain beside the archive', async () => {
    for (const one of appsFor(system)) expect(await problemsOf(one)).toEqual([]);
  });

  it('is packed without a download', () => {
    expect(packed.get(system)?.downloads).toEqual([]);
  });

  it('has every fuse set, none left as it came', async () => {
    const { version, ...wire } = await getCurrentFuseWire(app(system).program);
    const states = Object.fromEntries(
      Object.entries(wire).map(([fuse, state]) => [FuseV1Options[Number(fuse)], state]),
    );
    expect(version).toBe('1');
    expect(states).toEqual({
      RunAsNode: FuseState.DISABLE,
      EnableCookieEncryption: FuseState.ENABLE,
      EnableNodeOptionsEnvironmentVariable: FuseState.DISABLE,
      EnableNodeCliInspectArguments: FuseState.DISABLE,
      EnableEmbeddedAsarIntegrityValidation: FuseState.ENABLE,
      OnlyLoadAppFromAsar: FuseState.ENABLE,
      LoadBrowserProcessSpecificV8Snapshot: FuseState.DISABLE,
      GrantFileProtocolExtraPrivileges: FuseState.DISABLE,
      WasmTrapHandlers: FuseState.ENABLE,
    });
  });
});

it('no file without a source is built, and so none is packed', () => {
  expect(leftovers()).toEqual([]);
});

it.skipIf(process.platform === 'win32')('the macOS app lives in the menu bar only', async () => {
  const plist = await readFile(join(app('darwin').program, 'Contents', 'Info.plist'), 'utf8');
  expect(plist).toMatch(/<key>LSUIElement<\/key>\s*<true\/>/u);
});

describe('the check of a packed app', () => {
  it.each([
    'main/broker.ts',
    'dist/main/broker.js.map',
    'dist/main/broker.d.ts',
    'test/e2e/kill.test.ts',
    'scripts/demo.ts',
    'docs/bench.md',
    'README.md',
    'tsconfig.json',
    'package-lock.json',
    '.env',
    'dist/release/builder-debug.yml',
    'node_modules/zod/src/index.ts',
    'node_modules/zod/index.js.map',
    'node_modules/zod/docs/intro.js',
  ])('finds that %s was packed', (path) => {
    expect(strangers(['package.json', 'dist/main/index.js', 'node_modules/zod/index.js', path])).toEqual([
      `${path} is packed and should not be`,
    ]);
  });

  it('finds an archive that is not the one that the program names', async () => {
    const [windows, linux] = [app('win32'), app('linux')];
    expect(await problemsOf({ ...windows, archive: linux.archive })).toContain(
      "the program does not name the archive's hash",
    );
  });

  it('finds a keychain binding that is for another processor', async () => {
    const problems = await problemsOf({ ...app(here, 'x64'), arch: 'arm64' });
    expect(problems).toContain(`node_modules/keytar/prebuilds/${here}-x64/keytar.node is for another system`);
    expect(problems).toContain(`node_modules/keytar/prebuilds/${here}-arm64/keytar.node is not beside the archive`);
  });

  it('finds a fuse that was set back', async () => {
    const program = join(folder.path, 'set-back');
    await cp(app('linux').program, program);
    const bytes = await readFile(program);
    const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
    bytes.write('1', bytes.indexOf(sentinel) + sentinel.length + 2 + FuseV1Options.RunAsNode);
    await writeFile(program, bytes);
    expect(await fuseProblems(program)).toEqual(['the fuse RunAsNode is not off']);
  });
});

const status = z.object({ version: z.string(), vault: z.object({ kind: z.string() }) });

const initialize = {
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'agent', version: '1' } },
};

describe('what was packed, under plain Node', () => {
  let env: Record<string, string>;
  let cli: string;
  let home: TemporaryFolder;

  beforeAll(async () => {
    home = await temporaryFolder('packed');
    env = home.env();
    const out = join(folder.path, 'extracted');
    extractAll(own().archive, out);
    cli = join(out, 'dist', 'main', 'cli', 'tokentray.js');
  });
  afterAll(async () => home.remove());

  it('serves, answers the command line, and carries an agent over the shim from the resources', async () => {
    const broker = startProcess(execPath, [cli, 'serve', '--json'], { env });
    try {
      await broker.line(/"bridge"/u, 20_000);
      const said = await runProcess(execPath, [cli, 'status', '--json'], { env });
      expect(said, said.stderr).toMatchObject({ code: 0 });
      expect(status.parse(JSON.parse(said.stdout)).version).toBe('0.1.0');

      await runProcess(execPath, [cli, 'add', 'demo', 'http://127.0.0.1:9/mcp'], { env });
      const shim = startProcess(execPath, [join(own().resources, 'shim', 'tokentray.js'), 'stdio', 'demo'], { env });
      shim.child.stdin?.write(`${JSON.stringify(initialize)}\n`);
      const answer: unknown = JSON.parse(await shim.line(/"jsonrpc"/u));
      await shim.stop();
      expect(answer).toMatchObject({ jsonrpc: '2.0', id: 'first' });
    } finally {
      await broker.stop();
    }
  });

  // The stand-in is no program; a script in its place hosts a broker as the app would, and says how it was asked to.
  it.skipIf(process.platform === 'win32')('the shim starts the app where no broker runs', async () => {
    const copy = join(folder.path, 'installed');
    await cp(own().resources, join(copy, 'resources'), { recursive: true });
    const shimFolder = join(copy, 'resources', 'shim');
    const note = z
      .object({ app: z.string() })
      .parse(JSON.parse(await readFile(join(shimFolder, 'package.json'), 'utf8')));
    const program = join(shimFolder, note.app);
    const headless = join(dirname(cli), '..', 'headless.js');
    await mkdir(dirname(program), { recursive: true });
    const script = `#!/bin/sh\necho $$ "$@" > '${copy}/asked'\nexec '${execPath}' '${headless}' --background\n`;
    await writeFile(program, script, { mode: 0o755 });

    const shim = startProcess(execPath, [join(shimFolder, 'tokentray.js'), 'stdio', 'demo'], { env });
    let host: number | null = null;
    try {
      shim.child.stdin?.write(`${JSON.stringify(initialize)}\n`);
      expect(JSON.parse(await shim.line(/"jsonrpc"/u))).toMatchObject({ id: 'first' });
      const [pid, ...args] = (await readFile(join(copy, 'asked'), 'utf8')).trim().split(' ');
      host = Number(pid);
      expect(args).toEqual(['--hidden']);
    } finally {
      await shim.stop();
      if (host !== null) process.kill(host, 'SIGTERM');
    }
  });

  it('loads the keychain binding that lies beside the archive', async () => {
    const binding = join(own().resources, 'app.asar.unpacked', 'node_modules', 'keytar', 'lib', 'keytar.js');
    const loaded = await runProcess(execPath, ['-p', `Object.keys(require(${JSON.stringify(binding)})).join()`], {
      env,
    });
    expect(loaded, loaded.stderr).toMatchObject({ code: 0 });
    expect(loaded.stdout).toContain('setPassword');
  });

  it('says what else to install when the shim is asked for more', async () => {
    const { code, stdout, stderr } = await runProcess(
      execPath,
      [join(own().resources, 'shim', 'tokentray.js'), 'status'],
      { env },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('npm install --global tokentray');
  });

  it('ships the licence of every package that needs its own shown', () => {
    const paths = filesOf(own().archive).map(({ path }) => path);
    expect(paths.filter((path) => /^node_modules\/keytar\/licen[cs]e/iu.test(path))).toHaveLength(1);
    expect(paths.filter((path) => /^node_modules\/undici\/licen[cs]e/iu.test(path))).toHaveLength(1);
  });
});
