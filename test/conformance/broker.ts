// The broker of one run: a real process in a profile of its own, with a browser stub and one agent key.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { runProcess, startProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temp.ts';

/** Where the suite's authorization server expects a client's metadata document to be. */
const cimdUrl = 'https://conformance-test.local/client-metadata.json';

export const program = fileURLToPath(new URL('../../dist/main/cli/tokentray.js', import.meta.url));

export interface TestBroker {
  readonly env: Readonly<Record<string, string>>;
  readonly bridgeUrl: string;
  readonly agentKey: string;
  /** Its log, for when something went wrong. */
  log(): string;
  /** @throws when the broker had ended by itself, or another one had taken its place */
  stop(): Promise<void>;
}

const readySchema = z.object({ bridge: z.url() });
const keySchema = z.object({ key: z.string().min(1) });
const statusSchema = z.object({ pid: z.int().positive() });

/** @throws when it does not come up, with what it said */
export async function startBroker(): Promise<TestBroker> {
  const folder = await temporaryFolder('tt-conf');
  const env = folder.env({
    TOKENTRAY_VAULT: 'memory',
    TOKENTRAY_APPROVALS: 'off',
    TOKENTRAY_LOG: 'debug',
    TOKENTRAY_CIMD_URL: cimdUrl,
    TOKENTRAY_BROWSER: await browserStub(folder.path),
  });
  const command = (...args: string[]) => runProcess(process.execPath, [program, ...args, '--json'], { env });
  const broker = startProcess(process.execPath, [program, 'serve', '--json'], { env });

  /** A shim or a command that finds no broker starts one: it must not outlive the run, nor pass for the one under test. */
  const endSuccessor = async (): Promise<boolean> => {
    const { code, stdout } = await command('status');
    if (code !== 0) return false;
    const { pid } = statusSchema.parse(JSON.parse(stdout));
    if (pid === broker.pid) return false;
    process.kill(pid, 'SIGTERM');
    return true;
  };
  const stop = async (): Promise<void> => {
    const succeeded = await endSuccessor();
    const { code } = await broker.stop();
    await folder.remove();
    if (succeeded || code !== 0) throw new Error(`the broker did not last to the end of the run (exit code ${code})`);
  };

  try {
    const { bridge } = readySchema.parse(JSON.parse(await broker.line(/^\{.*"bridge"/u)));
    const added = await command('agent', 'add', 'conformance');
    if (added.code !== 0) throw new Error(`no agent key: ${added.stderr}`);
    const { key } = keySchema.parse(JSON.parse(added.stdout));
    return { env, bridgeUrl: bridge, agentKey: key, log: () => broker.stderr(), stop };
  } catch (error) {
    await broker.stop();
    await folder.remove();
    throw error;
  }
}

/** A program of one word, as `TOKENTRAY_BROWSER` has to be. */
async function browserStub(folder: string): Promise<string> {
  const path = join(folder, 'browser');
  const script = fileURLToPath(new URL('browser-stub.ts', import.meta.url));
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$1"\n`);
  await chmod(path, 0o700);
  return path;
}
