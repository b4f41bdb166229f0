// What is measured, as real processes: the servers, a broker that is signed in to both, and the commands of its rival.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { agentAnswer, tokenAnswer } from '../../scripts/demo/answers.ts';
import { cliFile } from '../../scripts/demo/cli.ts';
import { startProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { Era } from './agent.ts';
import { addSignedIn, startBenchBroker, startsNoBroker } from './broker.ts';
import { startGuarded, type Guarded } from './guarded.ts';
import { startSwitched, type Switched } from './switched.ts';
import type { StdioCommand } from './wire-stdio.ts';

export interface Target {
  /** The server itself, for who has a token. */
  readonly url: URL;
  readonly token: string;
  readonly bridgeUrl: URL;
  readonly shim: StdioCommand;
  readonly mcpRemote: StdioCommand;
}

export interface World {
  readonly targets: Readonly<Record<Era, Target>>;
  readonly agentKey: string;
  readonly brokerPid: number;
  /** The same servers behind a broker with rules, pins and audit. */
  readonly guarded: Guarded;
  /** And behind one whose audit can be switched. */
  readonly switched: Switched;
  close(): Promise<void>;
}

const eras = ['old', 'new'] as const;
const urls = z.object({ old: z.url(), new: z.url() });

/** @throws when one of them does not come up or the sign-in fails; what came up by then is ended */
export async function createWorld(): Promise<World> {
  const folder = await temporaryFolder('tray-bench');
  const closing: (() => Promise<unknown>)[] = [() => folder.remove()];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).toReversed()) await step();
  };
  try {
    const servers = startProcess(process.execPath, [fileURLToPath(new URL('servers.ts', import.meta.url))]);
    closing.push(() => servers.stop());
    const serverUrls = urls.parse(JSON.parse(await servers.line(/^\{"old"/u)));

    const broker = await startBenchBroker(
      folder.env({ TOKENTRAY_VAULT: 'memory', TOKENTRAY_APPROVALS: 'off' }),
      closing,
    );
    const { cli, bridge } = broker;
    const { key } = await cli.json(agentAnswer, 'agent', 'add', 'bench');

    const target = async (era: Era): Promise<Target> => {
      const name = `bench-${era}`;
      const url = serverUrls[era];
      await addSignedIn(broker, name, url);
      // Direct calls and mcp-remote get a token that outlives the run, so that nobody refreshes while it is measured.
      const { access_token: token } = await cli.json(tokenAnswer, 'token', name, '--min-ttl', '20m');
      return {
        url: new URL(url),
        token,
        bridgeUrl: new URL(`${bridge}/mcp/${name}`),
        shim: { args: [cliFile, 'stdio', name], env: { ...cli.env, ...startsNoBroker } },
        mcpRemote: await mcpRemoteCommand(folder.path, cli.env, era, url, token),
      };
    };
    const targets = { old: await target(eras[0]), new: await target(eras[1]) };
    const second = await temporaryFolder('tray-guard');
    closing.push(() => second.remove());
    const guarded = await startGuarded(second.env({ TOKENTRAY_VAULT: 'memory' }), serverUrls, closing);
    const third = await temporaryFolder('tray-switch');
    closing.push(() => third.remove());
    const switched = await startSwitched(third.env(), serverUrls, closing);
    return { targets, agentKey: key, brokerPid: broker.pid, guarded, switched, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * `mcp-remote` at its best: started without npx, its token given, so that no sign-in and no refresh is its to do.
 * `--protocol auto` is what makes it translate for a new server; by default it does not.
 */
async function mcpRemoteCommand(
  folder: string,
  env: Readonly<Record<string, string>>,
  era: Era,
  url: string,
  token: string,
): Promise<StdioCommand> {
  const program = join(fileURLToPath(import.meta.resolve('mcp-remote/package.json')), '..', 'dist', 'proxy.js');
  const headers = join(folder, `mcp-remote-${era}.headers`);
  await writeFile(headers, `Authorization: Bearer ${token}\n`, { mode: 0o600 });
  const protocol = era === 'new' ? ['--protocol', 'auto'] : [];
  return {
    args: [program, url, '--allow-http', '--transport', 'http-only', '--header-file', headers, '--silent', ...protocol],
    env: { ...env, MCP_REMOTE_CONFIG_DIR: join(folder, 'mcp-remote') },
  };
}
