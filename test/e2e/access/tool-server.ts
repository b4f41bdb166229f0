// An MCP server whose tools a test chooses and may change at any time; it remembers each call that reached it, and for whom.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthorizationServer } from '../../support/authorization-server.ts';
import { createGate } from '../../support/mcp/gate.ts';

type Json = Record<string, unknown>;

/** `old`: the handshake era, 2025-11-25. `new`: stateless, 2026-07-28. */
export type Era = 'old' | 'new';

export interface Reached {
  readonly tool: unknown;
  /** Whose token it came with. */
  readonly sub: unknown;
}

export interface ToolServer {
  readonly url: string;
  readonly era: Era;
  /** What `tools/list` answers from now on. */
  tools: readonly Json[];
  /** Calls of tools that got here. */
  readonly reached: readonly Reached[];
  /** How many JSON-RPC requests got here, whatever they asked for. */
  readonly requests: readonly string[];
  /** Of the subscriptions that are open now. */
  readonly streams: ReadonlySet<ServerResponse>;
  /** Bytes of every POST, as they came. */
  readonly bodies: readonly string[];
  close(): Promise<void>;
}

const largest = 8 * 1_024 * 1_024;

export async function startToolServer(authorizationServer: AuthorizationServer, era: Era): Promise<ToolServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const gate = createGate(url, { authorizationServer });
  const reached: Reached[] = [];
  const requests: string[] = [];
  const bodies: string[] = [];
  const streams = new Set<ServerResponse>();
  const self = { url: url.href, era, tools: [] as readonly Json[], reached, requests, bodies, streams };

  const answer = ({ method, params }: Json, sub: unknown): Json => {
    requests.push(String(method));
    if (method === 'server/discover' && era === 'new') return said(discovered);
    if (method === 'initialize' && era === 'old') return { result: initialized };
    if (method === 'tools/list') return said({ tools: self.tools });
    if (method === 'ping') return { result: {} };
    if (method !== 'tools/call') return { error: { code: -32_601, message: 'Method not found' } };
    const { name } = params as Json;
    reached.push({ tool: name, sub });
    return said({ content: [{ type: 'text', text: `called ${JSON.stringify(name)}` }] });
  };
  const said = (result: Json): Json => ({
    result: era === 'new' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...result } : result,
  });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (gate.serveMetadata(request, response)) return;
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const bytes = await read(request);
    bodies.push(bytes);
    const message = JSON.parse(bytes) as Json | Json[];
    const info = await gate.admit(request, response, message);
    if (info === null) return;
    const sub = info.extra?.['sub'];
    if (!Array.isArray(message) && message['method'] === 'subscriptions/listen' && era === 'new') {
      streams.add(response);
      response.once('close', () => streams.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(acknowledged(message))}\n\n`);
      return;
    }
    const asked = [message].flat().filter((one) => 'id' in one && 'method' in one);
    if (asked.length === 0) return void response.writeHead(202).end();
    const answers = asked.map((one) => ({ jsonrpc: '2.0', id: one['id'], ...answer(one, sub) }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(Array.isArray(message) ? answers : answers[0]));
  };
  server.on('request', (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  return Object.assign(self, {
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > largest) throw new Error('body too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** It stays open until somebody ends it. */
const acknowledged = ({ id, params }: Json): Json => ({
  jsonrpc: '2.0',
  method: 'notifications/subscriptions/acknowledged',
  params: {
    notifications: (params as Json)['notifications'],
    _meta: { 'io.modelcontextprotocol/subscriptionId': id },
  },
});

const serverInfo = { name: 'tools', version: '1' };
const capabilities = { tools: { listChanged: true } };
const initialized = { protocolVersion: '2025-11-25', capabilities, serverInfo };
const discovered = {
  supportedVersions: ['2026-07-28'],
  capabilities,
  _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
};
