// Both ends without an SDK: an agent that writes lines by hand, and a server that answers by script.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { duplexPair } from 'node:stream';
import { serveStdio } from '../../../main/bridge/relay/stdio.ts';
import type { GuardedUpstream, RelayOptions, RelaySession } from '../../../main/bridge/relay/types.ts';

export type Json = Record<string, unknown>;

export interface RawAgent {
  readonly session: RelaySession;
  readonly received: Json[];
  write(text: string): void;
  send(message: Json): void;
  /** Sends a request and resolves with the message that answers it. */
  ask(method: string, params?: Json, id?: string | number): Promise<Json>;
  /** The first message that fits, had it come already or not. */
  until(fits: (message: Json) => boolean): Promise<Json>;
  hangUp(): void;
}

export function rawAgent(upstream: GuardedUpstream, options?: RelayOptions): RawAgent {
  const [agentEnd, relayEnd] = duplexPair();
  const session = serveStdio(upstream, relayEnd, options);
  const received: Json[] = [];
  const waiters = new Set<() => void>();
  let text = '';
  let ids = 0;
  agentEnd.setEncoding('utf8');
  agentEnd.on('data', (chunk: string) => {
    text += chunk;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      received.push(JSON.parse(text.slice(0, at)) as Json);
      text = text.slice(at + 1);
      for (const waiter of waiters) waiter();
    }
  });
  const until = (fits: (message: Json) => boolean): Promise<Json> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`did not come; came: ${JSON.stringify(received)}`)), 5000);
      const look = (): void => {
        const found = received.find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        waiters.delete(look);
        resolve(found);
      };
      waiters.add(look);
      look();
    });
  const agent: RawAgent = {
    session,
    received,
    write: (raw) => void agentEnd.write(raw),
    send: (message) => void agentEnd.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    ask: (method, params, id = `ask-${(ids += 1)}`) => {
      agent.send({ id, method, ...(params === undefined ? {} : { params }) });
      return until((message) => message['id'] === id && !('method' in message));
    },
    until,
    hangUp: () => agentEnd.end(),
  };
  return agent;
}

export const hello = (capabilities: Json = {}): Json => ({
  protocolVersion: '2025-11-25',
  capabilities,
  clientInfo: { name: 'raw', version: '1', title: 'kept' },
});

export const stamped = (params: Json = {}, capabilities: Json = {}): Json => ({
  ...params,
  _meta: {
    ...(params['_meta'] as Json | undefined),
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  },
});

/** What the script gives for a request: a result, an error, or a hand at the response itself. */
export type Answer =
  | { readonly result: Json }
  | { readonly error: Json; readonly status?: number }
  | { readonly raw: (request: IncomingMessage, response: ServerResponse) => void };

export interface ScriptedServer {
  readonly url: string;
  /** Every JSON-RPC message that came, with the headers that it came with. */
  readonly seen: { readonly message: Json; readonly headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

/** A server that answers what `script` says; a notification gets 202, a GET 405. */
export async function scriptedServer(script: (message: Json) => Answer): Promise<ScriptedServer> {
  const seen: ScriptedServer['seen'] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const message = JSON.parse(Buffer.concat(parts).toString('utf8')) as Json;
    seen.push({ message, headers: request.headers });
    if (!('id' in message) || !('method' in message)) return void response.writeHead(202).end();
    const answer = script(message);
    if ('raw' in answer) return answer.raw(request, response);
    const status = 'error' in answer ? (answer.status ?? 200) : 200;
    const outcome = 'error' in answer ? { error: answer.error } : { result: answer.result };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], ...outcome }));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export const discovered = (capabilities: Json = { tools: {} }): Answer => ({
  result: {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities,
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '9' } },
  },
});

export const initialized = (capabilities: Json = { tools: {} }): Answer => ({
  result: { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'scripted', version: '9' } },
});

export const notFound: Answer & { error: Json } = { error: { code: -32601, message: 'Method not found' } };
