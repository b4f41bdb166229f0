// What the app uses of Electron exists: in Electron's own types, and in the stand-in that the app's tests run on.
import { execPath } from 'node:process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const configs = 'test/support/electron';
const compiler = join(root, 'node_modules/typescript/bin/tsc');

/** What the compiler says of a project; nothing when nothing needs you. */
async function complaints(project: string): Promise<string[]> {
  const { stdout, stderr } = await runProcess(execPath, [compiler, '--noEmit', '-p', project], {
    cwd: root,
    timeoutMs: 100_000,
  });
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}

describe('the Electron API that the app uses', () => {
  let folder: string;
  beforeAll(async () => {
    // Within the checkout, so that its packages are found.
    await mkdir(join(root, 'results'), { recursive: true });
    folder = await mkdtemp(join(root, 'results/api-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** The same project with one file more. */
  async function withFile(config: string, source: string): Promise<string> {
    await writeFile(join(folder, 'more.ts'), source);
    const text = await readFile(join(root, configs, config), 'utf8');
    const from = relative(folder, join(root, configs));
    const project = JSON.parse(text) as { compilerOptions?: { paths?: Record<string, string[]> }; include: string[] };
    const moved = (path: string) => join(from, path);
    const paths = project.compilerOptions?.paths?.['electron']?.map((path) => `./${moved(path)}`);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: relative(folder, join(root, 'tsconfig.json')),
        compilerOptions: paths === undefined ? {} : { paths: { electron: paths } },
        include: [...project.include.map(moved), 'more.ts'],
        exclude: paths === undefined ? [moved('./process.d.ts')] : [],
      }),
    );
    return join(folder, 'tsconfig.json');
  }

  it('is in electron.d.ts, and the stand-in has nothing beyond that', async () => {
    expect(await complaints(join(configs, 'tsconfig.electron.json'))).toEqual([]);
  }, 120_000);

  it('is in the stand-in: in the main process and in the preload', async () => {
    expect(await complaints(join(configs, 'tsconfig.stand-in.json'))).toEqual([]);
    expect(await complaints(join(configs, 'tsconfig.stand-in-preload.json'))).toEqual([]);
  }, 120_000);

  it('would be missed here if the stand-in lacked it: a part, a method, an object’s method, an option, an event', async () => {
    const lines = [
      `import { app, BrowserWindow, desktopCapturer } from 'electron';`,
      `import type { WebContents } from 'electron';`,
      `app.focus();`,
      `export const look = (contents: WebContents) => contents.openDevTools();`,
      `export const kiosk = () => new BrowserWindow({ kiosk: true });`,
      `app.on('gpu-info-update', () => desktopCapturer);`,
    ];
    const source = lines.join('\n');
    expect(await complaints(await withFile('tsconfig.electron.json', source))).toEqual([]);
    const said = await complaints(await withFile('tsconfig.stand-in.json', source));
    const named = said.map((line) => /more\.ts\((\d+),/u.exec(line)?.[1]).filter((line) => line !== undefined);
    expect(named).toEqual(['1', '3', '4', '5', '6']);
  }, 120_000);

  it('would be missed here if Electron itself lacked it', async () => {
    const source = `import { app } from 'electron';\napp.flyToTheMoon();`;
    expect((await complaints(await withFile('tsconfig.electron.json', source))).join('\n')).toContain('flyToTheMoon');
  }, 120_000);

  it('is used in main/index.ts, main/desktop/ and preload/index.ts alone', async () => {
    const files = (await Promise.all(['main', 'preload', 'renderer'].map(sourcesOf))).flat();
    const users: string[] = [];
    for (const file of files) {
      const text = await readFile(join(root, file), 'utf8');
      if (/(?:from|import|require\()\s*\(?['"]electron(?:\/\w+)?['"]/u.test(text)) users.push(file);
    }
    const elsewhere = users.filter((file) => !/^(?:main\/desktop\/|main\/index\.ts$|preload\/index\.ts$)/u.test(file));
    expect(elsewhere).toEqual([]);
    expect(users).toContain('main/index.ts');
  });
});

async function sourcesOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/u.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}
