// The suite's scenarios for authorization servers, against the bridge's own: a browser with cookies, and a person at a terminal.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';
import { Browser, register } from '../access/authorization-server/fixture.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { runProcess } from '../support/process.ts';
import { program, type TestBroker } from './broker.ts';
import { checkSchema, judge } from './judge.ts';
import type { Verdict } from './suite.ts';
import { suiteFolder } from './targets.ts';

/** Everything that `conformance list` has for authorization servers; none of it is in a requirement list. */
const authorizationScenarios = ['authorization-server-metadata-endpoint', 'authorization-code-grant'] as const;
export const authorizationRevisions = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const;

export type AuthorizationVerdict = Omit<Verdict, 'revision'> & {
  readonly revision: (typeof authorizationRevisions)[number];
};

const server = 'conformance';
const suiteTimeout = 60_000;
const callbackPorts = 34_000;
const promptsSchema = z.object({ prompts: z.array(z.object({ id: z.string() })) });

/** One after the other: each is a sign-in of its own, with a question of its own. */
export async function authorizationVerdicts(
  broker: Pick<TestBroker, 'env' | 'bridgeUrl'>,
  folder: string,
  signal: AbortSignal,
): Promise<AuthorizationVerdict[]> {
  const upstream = await startMcpServer({ era: 'modern' });
  try {
    await command(broker, 'add', server, upstream.url);
    const verdicts: AuthorizationVerdict[] = [];
    for (const revision of authorizationRevisions) {
      signal.throwIfAborted();
      verdicts.push(...(await verdictsFor(revision, broker, join(folder, revision), signal)));
    }
    return verdicts;
  } finally {
    await upstream.close();
  }
}

async function verdictsFor(
  revision: AuthorizationVerdict['revision'],
  broker: Pick<TestBroker, 'env' | 'bridgeUrl'>,
  folder: string,
  signal: AbortSignal,
): Promise<AuthorizationVerdict[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const port = callbackPorts + (process.pid % 20_000);
  const { clientId } = await register(broker.bridgeUrl, {
    client_name: `conformance ${revision}`,
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
  });
  const words = ['--url', `${broker.bridgeUrl}/oauth`, '--client-id', clientId, '--port', String(port)];
  const which = ['--resource', `${broker.bridgeUrl}/mcp/${server}`, '--spec-version', revision, '--output-dir', folder];
  const started = performance.now();
  const { end, said } = await run([...words, ...which], signal, (url) => signIn(broker, url));
  const milliseconds = Math.round(performance.now() - started);
  const entries = await readdir(folder, { recursive: true });
  return await Promise.all(
    authorizationScenarios.map(async (scenario) => {
      const path = entries.find((entry) => entry.includes(scenario) && entry.endsWith('checks.json'));
      const text = path === undefined ? '[]' : await readFile(join(folder, path), 'utf8');
      const judged = judge(end, z.array(checkSchema).parse(JSON.parse(text)), true);
      return { scenario, revision, ...judged, milliseconds, agent: said };
    }),
  );
}

/** Starts the suite, and visits the address that it wants a person to visit. */
function run(
  words: readonly string[],
  signal: AbortSignal,
  visit: (url: string) => Promise<void>,
): Promise<{ end: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const suite = join(suiteFolder(), 'dist', 'index.js');
    const child = spawn(process.execPath, [suite, 'authorization', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let visited = false;
    let late = false;
    const end = (): void => {
      late = true;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(end, suiteTimeout);
    signal.addEventListener('abort', end, { once: true });
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      const url = /^http:\S+\/oauth\/authorize\?\S+$/mu.exec(said)?.[0];
      if (visited || url === undefined || !said.includes('Callback server started')) return;
      visited = true;
      visit(url).catch((error: unknown) => {
        said += `\nthe visit failed: ${error instanceof Error ? error.message : String(error)}\n`;
        end();
      });
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve({ end: late ? null : (code ?? 1), said });
    });
  });
}

async function signIn(broker: Pick<TestBroker, 'env' | 'bridgeUrl'>, url: string): Promise<void> {
  const browser = new Browser();
  const page = await browser.follow(url, broker.bridgeUrl);
  const { prompts } = promptsSchema.parse(JSON.parse(await command(broker, 'approvals', '--json')));
  for (const { id } of prompts) await command(broker, 'approve', id, '--always');
  const { at } = await browser.follow(page.at, broker.bridgeUrl);
  await (await fetch(at)).text();
}

/** @throws when it did not succeed, with what it said */
async function command({ env }: Pick<TestBroker, 'env'>, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess(process.execPath, [program, ...words], { env });
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  return stdout;
}
