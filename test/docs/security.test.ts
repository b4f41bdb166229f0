// docs/security.md promises nothing that no test shows: every file and title that it cites is there.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const document = readFileSync(join(root, 'docs/security.md'), 'utf8');

const cells = document
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, promise = '']) => promise !== 'promise' && !/^-+$/u.test(promise));
const cited = cells.map(([, promise = '', file = '', title = '']) => ({
  promise,
  file: file.replaceAll('`', ''),
  title,
}));

/** Of `it('…'`, `it.each(…)('…'`, with a template's beginning as far as it is fixed. */
function titlesOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(/\bit(?:\.\w+)*\b[^'"`]{0,400}?(['"`])((?:(?!\1).)+)\1/gsu)]
    .map(([, , title = '']) => title)
    .concat([...source.matchAll(/\)\(\s*(['"`])((?:(?!\1).)+)\1/gsu)].map(([, , title = '']) => title))
    .map((title) => (title.includes('${') ? title.slice(0, title.indexOf('${')).trim() : title));
}

describe('docs/security.md', () => {
  it('cites a test for each of its promises, in sentences', () => {
    expect(cited.length).toBeGreaterThan(40);
    for (const { promise, file, title } of cited) {
      expect(promise).toMatch(/^[A-Z].*\.$/u);
      expect([promise, file]).toEqual([promise, expect.stringMatching(/^test\/[\w./-]+\.test\.ts$/u)]);
      expect(title.length).toBeGreaterThan(10);
    }
  });

  it.each(cited)('$file has: $title', ({ file, title }) => {
    expect(titlesOf(file)).toContain(title);
  });

  it('leaves no file of the hostile suite out', () => {
    const files = readdirSync(join(root, 'test/hostile')).filter((name) => name.endsWith('.test.ts'));
    const cites = new Set(cited.map(({ file }) => file));
    for (const name of files) expect(cites).toContain(`test/hostile/${name}`);
  });
});
