// A real broker in a process of its own that asks before agents use anything, beside a real authorization server; tests answer as the person.
import { join } from 'node:path';
import { execPath } from 'node:process';
import * as z from 'zod';
import { connectControl, type ControlClient } from '../../../main/control/client.ts';
import type { Prompt } from '../../../preload/contract-access.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../../support/authorization-server.ts';
import type { AuthorizationServerOptions } from '../../support/authorization-server.ts';
import { createBrowser } from '../../support/browser.ts';
import { runProcess, startProcess, type Finished, type RunningProcess } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { launcher, sdkAgent, stdioAgent } from './agents.ts';
import type { StdioAgent, StdioAgentOptions, TestAgent } from './agents.ts';
import { startToolServer, type Era, type ToolServer } from './tool-server.ts';

export interface AccessWorld extends AsyncDisposable {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly controlSocket: string;
  readonly bridge: string;
  readonly broker: RunningProcess;
  readonly authorizationServer: AuthorizationServer;
  /** The person's, over the control socket: this process is no agent's, for it is the agents that are started by it. */
  readonly person: ControlClient;
  /** A server that somebody is signed in to. */
  server(name: string, era: Era): Promise<ToolServer>;
  signIn(server: string, as: string, account?: string): Promise<void>;
  key(name: string): Promise<{ readonly id: string; readonly key: string }>;
  http(key: string, server: string, era: Era): Promise<TestAgent>;
  stdio(options: Omit<StdioAgentOptions, 'env'>): Promise<StdioAgent>;
  /** The one question that is open, as soon as it is. */
  asked(): Promise<Prompt>;
  /** Allows what is asked next, for always; gives the approval's id once `trying` is over. */
  allowNext(trying?: () => Promise<unknown>): Promise<string>;
  cli(...args: string[]): Promise<Finished>;
  /** Ends the broker and starts it again in the same profile; `between` finds its files at rest. */
  restart(between?: () => void | Promise<void>): Promise<void>;
}

const ready = z.object({ bridge: z.string(), controlSocket: z.string() });

export interface AccessWorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly as?: AuthorizationServerOptions;
}

export async function accessWorld(options: AccessWorldOptions = {}): Promise<AccessWorld> {
  const folder = await temporaryFolder('access');
  const authorizationServer = await startAuthorizationServer(options.as ?? {});
  const env = folder.env({ TOKENTRAY_VAULT: 'memory', TOKENTRAY_APPROVALS: 'ask', ...options.env });
  const closing: (() => Promise<unknown>)[] = [() => folder.remove(), () => authorizationServer.close()];

  const begin = async () => {
    const broker = startProcess(execPath, [launcher, 'serve', '--json'], { env });
    const up = ready.parse(JSON.parse(await broker.line(/"bridge"/u, 30_000)));
    return { broker, ...up, control: connectControl(up.controlSocket) };
  };
  let now = await begin();
  const end = async (): Promise<void> => {
    await now.control.close();
    await now.broker.stop(5_000);
  };

  const asked = async (): Promise<Prompt> => {
    for await (const change of await now.control.client.changes()) {
      const prompts = change.kind === 'snapshot' || change.kind === 'prompts' ? change.prompts : [];
      const [prompt] = prompts;
      if (prompt !== undefined) return prompt;
    }
    throw new Error('the broker ended before anything was asked');
  };

  return {
    home: folder.path,
    env,
    authorizationServer,
    get broker() {
      return now.broker;
    },
    get bridge() {
      return now.bridge;
    },
    get controlSocket() {
      return now.controlSocket;
    },
    get person() {
      return now.control.client;
    },
    async server(name, era) {
      const server = await startToolServer(authorizationServer, era);
      closing.push(() => server.close());
      await now.control.client.servers.add({ name, url: server.url });
      return server;
    },
    async signIn(server, as, account) {
      const { client } = now.control;
      const named = account === undefined ? {} : { account };
      const { id, url } = await client.signIn.start({ server, openBrowser: false, ...named });
      await createBrowser({ account: as }).open(url ?? '');
      await client.signIn.wait({ id });
    },
    async key(name) {
      const { agent, key } = await now.control.client.script.addAgent({ name });
      return { id: agent.id, key };
    },
    async http(key, server, era) {
      const agent = await sdkAgent(`${now.bridge}/mcp/${server}`, key, era);
      closing.push(() => agent.close().catch(() => undefined));
      return agent;
    },
    async stdio(more) {
      const agent = await stdioAgent({ env, ...more });
      closing.push(() => agent.close());
      return agent;
    },
    asked,
    async allowNext(trying = () => Promise.resolve()) {
      const tried = trying();
      const { id } = await asked();
      const approval = await now.control.client.approvals.decide({ id, decision: 'allow', lasts: 'always' });
      await tried;
      return approval.id;
    },
    cli: (...args) => runProcess(execPath, [launcher, ...args], { env }),
    async restart(between) {
      await end();
      await between?.();
      now = await begin();
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing.splice(2).toReversed()) await close();
      await end();
      for (const close of closing.toReversed()) await close();
    },
  };
}

export const databaseOf = (home: string): string => join(home, 'data', 'tokentray.db');
