// Every fuse of the Electron that is packed has been decided on, and packing stops where one has not.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FuseV1Options } from '@electron/fuses';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fuses, setFuses } from '../../scripts/after-pack.ts';
import { fuseProblems } from '../../scripts/package-check.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { TemporaryFolder } from '../support/temp.ts';
import { programWithFuses } from './stand-in-electron.ts';

let folder: TemporaryFolder;
beforeAll(async () => (folder = await temporaryFolder('fuses')));
afterAll(async () => folder.remove());

async function program(wire: string): Promise<string> {
  const path = join(folder.path, `program-${wire}`);
  await writeFile(path, programWithFuses(wire));
  return path;
}

it('states each fuse that the library knows', () => {
  const known = Object.values(FuseV1Options).filter((value) => typeof value === 'number');
  expect(
    Object.keys(fuses)
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(known);
});

it.each(['000000000', '111111111'])('sets them whatever they were: %s', async (wire) => {
  const path = await program(wire);
  expect(await fuseProblems(path)).not.toEqual([]);
  await setFuses(path, { signAnew: false });
  expect(await fuseProblems(path)).toEqual([]);
});

it('stops at an Electron with a fuse that nobody decided on, and leaves its program alone', async () => {
  const path = await program('1011000111');
  await expect(setFuses(path, { signAnew: false })).rejects.toThrow(/strictlyRequireAllFuses/u);
  expect(await readFile(path)).toEqual(programWithFuses('1011000111'));
});

it('stops at an Electron that lacks a fuse which we rely on', async () => {
  await expect(setFuses(await program('10110000'), { signAnew: false })).rejects.toThrow(/not long enough/u);
});

it('stops at a program that is no Electron', async () => {
  const path = join(folder.path, 'no-electron');
  await writeFile(path, 'nothing');
  await expect(setFuses(path, { signAnew: false })).rejects.toThrow(/sentinel/u);
});
