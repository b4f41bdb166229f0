// A window's files are read folder by folder, as an archive has to be, and nothing else comes with them.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readAssets } from '../../main/ui/assets.ts';
import { temporaryFolder } from '../support/temp.ts';

it('finds every file that a window needs, however deep, by its path with slashes', async () => {
  await using folder = await temporaryFolder('assets');
  const window = join(folder.path, 'window');
  mkdirSync(join(window, 'assets', 'fonts'), { recursive: true });
  writeFileSync(join(window, 'index.html'), '<!doctype html>');
  writeFileSync(join(window, 'assets', 'app.js'), 'export {};');
  writeFileSync(join(window, 'assets', 'app.js.map'), '{}');
  writeFileSync(join(window, 'assets', 'fonts', 'plain.woff2'), 'font');
  writeFileSync(join(folder.path, 'secret.txt'), 'outside');
  symlinkSync(join(folder.path, 'secret.txt'), join(window, 'assets', 'link.txt'));
  symlinkSync(folder.path, join(window, 'up'));
  const assets = readAssets(window);
  expect([...assets.keys()].sort()).toEqual(['assets/app.js', 'assets/fonts/plain.woff2', 'index.html']);
  expect(assets.get('assets/fonts/plain.woff2')).toEqual({ type: 'font/woff2', body: Buffer.from('font') });
  expect(readAssets(`${window}/`).has('assets/app.js')).toBe(true);
});
