// A broker of the benchmark as a process of its own, in a temporary profile, and a person who signs in to its servers.
import * as z from 'zod';
import { createCli, type Cli } from '../../scripts/demo/cli.ts';
import { viewAnswer } from '../../scripts/demo/answers.ts';
import { createBrowser } from '../support/browser.ts';

export interface BenchBroker {
  readonly cli: Cli;
  readonly bridge: string;
  readonly controlSocket: string;
  readonly pid: number;
}

/** Should the broker end in mid-run, no shim may start another one, which nobody would end. */
export const startsNoBroker = { TOKENTRAY_NODE: '/nonexistent' } as const;

const ready = z.object({ bridge: z.url(), controlSocket: z.string() });

/** @param closing gets what ends it */
export async function startBenchBroker(
  env: Record<string, string>,
  closing: (() => Promise<unknown>)[],
): Promise<BenchBroker> {
  const cli = createCli(env);
  const broker = cli.start('serve', '--json');
  closing.push(() => broker.stop());
  const up = ready.parse(JSON.parse(await broker.line(/^\{.*"bridge"/u)));
  return { cli, pid: broker.pid, ...up };
}

export async function addSignedIn({ cli }: BenchBroker, name: string, url: string): Promise<void> {
  await cli.json(viewAnswer, 'add', name, url);
  const connecting = cli.start('connect', name, '--no-browser', '--json');
  const { url: page } = z.object({ url: z.url() }).parse(JSON.parse(await connecting.line(/"kind":"sign-in"/u)));
  await createBrowser().open(page);
  const { code, stderr } = await connecting.finished;
  if (code !== 0) throw new Error(`the sign-in to ${name} ended with ${code}: ${stderr.trim()}`);
}
