// Agents of the tests: over HTTP with the official SDK, over stdio as a program of its own behind the real shim; of either era.
import { spawn, type ChildProcess } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { hello, stamped } from '../../bridge/relay/raw.ts';
import type { Era } from './tool-server.ts';

type Json = Record<string, unknown>;

export interface TestAgent {
  /** The names that `tools/list` gives. */
  list(): Promise<string[]>;
  /** The text of the answer, and whether it is a failure. */
  call(tool: string, args?: Json): Promise<{ readonly failed: boolean; readonly text: string }>;
  close(): Promise<void>;
}

export interface StdioAgent extends TestAgent {
  /** Of the agent, whose child the shim is. */
  readonly pid: number;
  /** One request as it is; the whole answer. */
  ask(method: string, params?: Json): Promise<Json>;
  /** What is no JSON-RPC of ours. */
  write(line: string): void;
  readonly heard: readonly Json[];
  until(fits: (message: Json) => boolean): Promise<Json>;
  /** Runs a program as its own child. */
  run(command: string, ...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }>;
  readonly gone: Promise<void>;
}

export const launcher = fileURLToPath(new URL('../../../main/cli/tokentray.ts', import.meta.url));
const program = fileURLToPath(new URL('agent-program.ts', import.meta.url));

const called = z.object({
  isError: z.boolean().optional(),
  content: z.array(z.object({ text: z.string().optional() })).default([]),
});
const listed = z.object({ tools: z.array(z.object({ name: z.string() })) });

export async function sdkAgent(url: string, key: string, era: Era, name = 'sdk-agent'): Promise<TestAgent> {
  const versionNegotiation = era === 'old' ? { mode: 'legacy' as const } : { mode: { pin: '2026-07-28' } };
  const client = new Client({ name, version: '1' }, { versionNegotiation });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return {
    async list() {
      return (await client.listTools()).tools.map((tool) => tool.name);
    },
    async call(tool, args = {}) {
      try {
        return outcomeOf(await client.callTool({ name: tool, arguments: args }));
      } catch (error) {
        return { failed: true, text: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => client.close(),
  };
}

const outcomeOf = (result: unknown): { failed: boolean; text: string } => {
  const { isError = false, content } = called.parse(result);
  return { failed: isError, text: content.map(({ text = '' }) => text).join('\n') };
};

export interface StdioAgentOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly server: string;
  readonly era?: Era;
  /** As its configuration names it. */
  readonly name?: string;
  /** As its messages name it. */
  readonly client?: string;
  /** Another program than the usual one. */
  readonly file?: string;
  readonly cwd?: string;
}

export async function stdioAgent(options: StdioAgentOptions): Promise<StdioAgent> {
  const { env, server, era = 'old', name } = options;
  const words = name === undefined ? [] : ['--agent', name];
  const child = spawn(execPath, [options.file ?? program, launcher, server, ...words], {
    env,
    cwd: options.cwd ?? '/',
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const { heard, until, send, write } = wire(child);
  let ids = 0;
  const ask = async (method: string, params: Json = {}): Promise<Json> => {
    const id = `ask-${(ids += 1)}`;
    send({ id, method, params: era === 'new' ? stamped(params) : params });
    return until((message) => message['id'] === id && !('method' in message));
  };
  if (era === 'old') {
    const clientInfo = { name: options.client ?? 'stdio-agent', version: '1' };
    await ask('initialize', { ...hello(), clientInfo });
    send({ method: 'notifications/initialized' });
  } else {
    await ask('server/discover');
  }
  return {
    pid: child.pid ?? -1,
    heard,
    until,
    ask,
    write,
    gone,
    async list() {
      const { result } = await ask('tools/list');
      return listed.parse(result).tools.map((tool) => tool.name);
    },
    async call(tool, args = {}) {
      const answer = await ask('tools/call', { name: tool, arguments: args });
      if ('result' in answer) return outcomeOf(answer['result']);
      const { message } = z.object({ message: z.string() }).parse(answer['error']);
      return { failed: true, text: message };
    },
    run: (command, ...args) =>
      new Promise((resolve) => {
        child.once('message', (result) => resolve(result as { code: unknown; stdout: string; stderr: string }));
        child.send({ command, args });
      }),
    async close() {
      child.stdin?.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Lines of JSON both ways. */
function wire(child: ChildProcess) {
  const heard: Json[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    heard.push(...lines.map((line) => JSON.parse(line) as Json));
    for (const look of waiting) look();
  });
  child.stdin?.on('error', () => undefined);
  const write = (line: string): void => void child.stdin?.write(`${line}\n`);
  return {
    heard,
    write,
    send: (message: Json): void => write(JSON.stringify({ jsonrpc: '2.0', ...message })),
    until: (fits: (message: Json) => boolean): Promise<Json> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = heard.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
