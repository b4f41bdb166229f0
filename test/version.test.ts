import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { version } from '../main/version.ts';

it('tells the version that the package has', () => {
  const manifest = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
  expect(version).toBe(manifest.version);
});
