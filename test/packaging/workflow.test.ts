// The workflow runs what there is: scripts of package.json, files of the project, folders that electron-builder makes.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { root } from './built.ts';

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map((file) =>
  readFileSync(join(root, file), 'utf8'),
);

function mentioned(pattern: RegExp): string[] {
  const found = workflows.flatMap((text) => Array.from(text.matchAll(pattern), ([, name = '']) => name));
  return Array.from(new Set(found)).sort();
}

it('runs scripts that package.json has', () => {
  const names = mentioned(/npm run (?:--\S+ )*([\w:-]+)/gu);
  expect(names).toEqual(['build', 'e2e:electron', 'test:unit']);
  expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
});

it('runs files that the project has', () => {
  const files = mentioned(/(?:node|bash|run:) (scripts\/[\w./-]+|\.ci\/[\w./-]+)/gu);
  expect(files).toEqual(['.ci/run', 'scripts/package-check.ts', 'scripts/system.sh']);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it('publishes nothing, and may write nothing', () => {
  for (const text of workflows) {
    expect(text).toMatch(/^permissions:\n {2}contents: read$/mu);
    expect(text).not.toMatch(/: write\b|npm publish|--publish (?!never)/u);
  }
});
