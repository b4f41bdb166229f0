// app:// gives out the window's own files and nothing else of this machine, under a policy that lets the page load nothing more.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, isOwnPage, pageUrl } from '../../main/desktop/app-page.ts';
import { safeLink } from '../../main/desktop/safe-link.ts';
import { readAssets } from '../../main/ui/assets.ts';
import type { Asset } from '../../main/ui/assets.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { TemporaryFolder } from '../support/temp.ts';

describe('app://', () => {
  let folder: TemporaryFolder;
  let assets: ReadonlyMap<string, Asset>;

  beforeAll(async () => {
    folder = await temporaryFolder('page');
    const page = join(folder.path, 'renderer');
    await mkdir(join(page, 'assets'), { recursive: true });
    await writeFile(join(folder.path, 'secret.txt'), 'not yours');
    await writeFile(join(page, 'index.html'), '<!doctype html><title>T</title>');
    await writeFile(join(page, 'assets', 'app.js'), 'export {};');
    await symlink(join(folder.path, 'secret.txt'), join(page, 'link.txt'));
    assets = readAssets(page);
  });
  afterAll(() => folder.remove());

  const get = (url: string, method = 'GET') => answer(assets, { url, method });

  it('gives the page and its files, with their types', async () => {
    const page = get(pageUrl('#/servers'));
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('<title>T</title>');
    expect(get('app://tokentray/').status).toBe(200);
    expect(get('app://tokentray/assets/app.js').headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('has a policy in the header that allows the page’s own files and no others', () => {
    for (const response of [get(pageUrl()), get('app://tokentray/missing')]) {
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:|data:|blob:/u);
    }
  });

  it.each([
    'app://tokentray/../secret.txt',
    'app://tokentray/%2e%2e/secret.txt',
    'app://tokentray/..%2fsecret.txt',
    'app://tokentray/assets/..%5c..%5csecret.txt',
    'app://tokentray//etc/passwd',
    'app://tokentray/link.txt',
    'app://tokentray/assets/',
    'app://tokentray/assets',
    'app://elsewhere/index.html',
    'app://tokentray.elsewhere/index.html',
    'https://tokentray/index.html',
  ])('has nothing at %s', async (url) => {
    const response = get(url);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('');
  });

  it('takes nothing in', () => {
    expect(get(pageUrl(), 'POST').status).toBe(405);
  });

  it('knows its own pages', () => {
    expect(isOwnPage(pageUrl())).toBe(true);
    for (const url of [
      '',
      'about:blank',
      'app://tokentray.evil.example/',
      'https://tokentray/',
      'data:text/html,app://tokentray/',
    ]) {
      expect(isOwnPage(url)).toBe(false);
    }
  });
});

describe('a link', () => {
  it('is opened when it is a web address, as the parser wrote it', () => {
    expect(safeLink('https://mcp.example/a b"c')?.href).toBe('https://mcp.example/a%20b%22c');
    expect(safeLink('HTTP://Example.COM')?.href).toBe('http://example.com/');
  });

  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'smb://host/share',
    'ms-settings:privacy',
    'mailto:a@example.com',
    'app://tokentray/index.html',
    'https://bank.example@evil.example/',
    'not an address',
    '',
    `https://example.com/${'a'.repeat(9_000)}`,
  ])('is not opened when it is %s', (text) => {
    expect(safeLink(text)).toBeNull();
  });
});
