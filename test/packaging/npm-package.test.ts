// The npm package brings the command, the shim and the page for a browser, and nothing that only developers need.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { shimFiles } from '../../scripts/shim.ts';
import { runProcess } from '../support/process.ts';
import { ensureBuilt, npm, root } from './built.ts';

const listing = z.tuple([z.object({ files: z.array(z.object({ path: z.string() })) })]);
let paths: string[];

beforeAll(async () => {
  await ensureBuilt();
  // Without scripts: `prepare` would build once more.
  const said = await runProcess(npm, ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root });
  paths = listing.parse(JSON.parse(said.stdout))[0].files.map(({ path }) => path);
}, 180_000);

it('has the command, the shim with all that it runs on, and the page', () => {
  const shim = shimFiles(`${root}dist/main`).map((file) => `dist/main/${file.replaceAll('\\', '/')}`);
  expect(paths).toEqual(expect.arrayContaining([...shim, 'dist/main/cli/tokentray.js', 'dist/main/headless.js']));
  expect(paths).toContain('dist/renderer/index.html');
});

it('has nothing else than what was built and what tells of it', () => {
  const known =
    /^(?:package\.json|README\.md|LICENSE|main\/oauth\/client-metadata\.json|dist\/(?:main|preload|renderer)\/.*)$/u;
  expect(paths.filter((path) => !known.test(path) || /\.(?:map|[cm]?ts|tsx)$/u.test(path))).toEqual([]);
});

it('names its entry for Electron, and the homepage without which no Debian package is made', () => {
  const manifest = z
    .object({ main: z.string(), homepage: z.url() })
    .parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));
  expect(manifest.main).toBe('dist/main/index.js');
});
