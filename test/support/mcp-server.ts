// A real MCP server on 127.0.0.1, of any protocol era, protected by a real authorization server, that tests can watch.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { answer, createGate, type AuthOptions, type ChallengeStyle, type Gate } from './mcp/gate.ts';
import { legacyHost, modernHost, sseHost, type Host, type HostOptions } from './mcp/hosts.ts';
import { createServerState, type Cancelled, type Changeable } from './mcp/state.ts';
import { createWireLog, summarize, type WireLog, type WireRequest } from './mcp/wire-log.ts';

export { hashToken } from './mcp/wire-log.ts';
export type { AuthOptions } from './mcp/gate.ts';

export type ServerEra = 'modern' | 'legacy' | 'legacy-sse';

export interface McpServerOptions extends HostOptions {
  /** `modern`: 2026-07-28 only. `legacy`: sessions, up to 2025-11-25. `legacy-sse`: HTTP+SSE of 2024-11-05. */
  readonly era: ServerEra;
  /** 0 (default): any free port. */
  readonly port?: number;
  /** Default: /mcp, for `legacy-sse` /sse. */
  readonly path?: string;
  /** Without it the server is open to everybody. */
  readonly auth?: AuthOptions;
  /** On the origin of the authorization server, as 2025-03-26 servers were. */
  readonly onAuthorizationServer?: boolean;
}

export interface McpTestServer {
  readonly url: string;
  readonly origin: string;
  /** The resource indicator that tokens must be for; null for an open server. */
  readonly resource: string | null;
  readonly era: ServerEra;
  /** Everything that arrived. `log.until` waits without sleeping. */
  readonly log: WireLog;
  readonly requests: readonly WireRequest[];
  /** Calls whose cancellation arrived here. */
  readonly cancelled: readonly Cancelled[];
  /** How often each tool began to run. */
  readonly calls: Readonly<Record<string, number>>;
  readonly openStreams: () => WireRequest[];
  readonly until: (condition: () => boolean, timeoutMs?: number) => Promise<void>;
  /** Lets `slow` calls with `steps: 0` end. */
  readonly release: () => void;
  /** As the `change` tool, from outside. */
  readonly change: (kind: Changeable) => void;
  /** Writes `note://today` and tells subscribers. */
  readonly updateNote: (text: string) => void;
  readonly sessions: () => number;
  readonly dropSessions: () => void;
  readonly cutStreams: () => number;
  /** Replaces the way challenges are made. */
  readonly setChallenge: (style: ChallengeStyle) => void;
  /** Refuses the next requests although their token is good. */
  refuse: Gate['refuse'];
  /** The next `times` MCP requests get this instead of an answer, before authorization is looked at. */
  readonly fault: (fault: { status?: number; body?: string; times?: number; drop?: boolean }) => void;
  readonly close: () => Promise<void>;
}

const maxBody = 67_108_864;

export async function startMcpServer(options: McpServerOptions): Promise<McpTestServer> {
  const log = createWireLog();
  const own = options.onAuthorizationServer === true ? null : createServer();
  if (own !== null) {
    await new Promise<void>((resolve, reject) => {
      own.once('error', reject);
      own.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
  }
  const origin = own === null ? issuerOrigin(options) : `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
  const path = options.path ?? (options.era === 'legacy-sse' ? '/sse' : '/mcp');
  const url = new URL(path, origin);
  const state = createServerState(options.era === 'modern' ? 'modern' : 'legacy', log.changed);
  const host = createHost(options, path, state);
  const auth = options.auth === undefined ? null : authFor(options, options.auth, origin);
  const gate = auth === null ? null : createGate(url, auth);
  const faults: { left: number; status?: number; body?: string; drop?: boolean }[] = [];
  let closed = false;

  async function serve(request: IncomingMessage & { auth?: AuthInfo }, response: ServerResponse): Promise<void> {
    const entry = log.enter(request, response);
    if (gate?.serveMetadata(request, response) === true) return;
    if (!host.paths.includes((request.url ?? '/').split('?', 1)[0] ?? '')) {
      return answer(response, 404, {}, { error: 'not_found' });
    }
    entry.body = await readBody(request);
    const body = parseJson(entry.body);
    entry.rpc = summarize(body);
    log.changed();
    const fault = faults.find((candidate) => candidate.left > 0);
    if (fault !== undefined) {
      fault.left -= 1;
      if (fault.drop === true) return void response.destroy();
      return void response.writeHead(fault.status ?? 500, { 'content-type': 'text/html' }).end(fault.body ?? 'fault');
    }
    if (gate !== null) {
      const info = await gate.admit(request, response, body);
      if (info === null) return;
      request.auth = info;
    }
    await host.handle(request, response, body);
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, {}, { error: 'server_error' });
    });
  };
  if (own === null) {
    options.auth?.authorizationServer.mount((request, response) => {
      const pathname = (request.url ?? '/').split('?', 1)[0] ?? '';
      const mine = host.paths.includes(pathname) || pathname.startsWith('/.well-known/oauth-protected-resource');
      if (closed || !mine) return false;
      handle(request, response);
      return true;
    });
  } else {
    own.on('request', handle);
  }

  return {
    url: url.href,
    origin,
    resource: auth === null ? null : (auth.resource ?? url.href),
    era: options.era,
    log,
    requests: log.requests,
    cancelled: state.cancelled,
    calls: state.calls,
    openStreams: log.openStreams,
    until: log.until,
    release: state.release,
    change: (kind) => {
      state.added[kind] += 1;
      state.notifyListChanged(kind);
    },
    updateNote: (text) => {
      state.note = text;
      state.notifyUpdated('note://today');
    },
    sessions: host.sessions,
    dropSessions: host.dropSessions,
    cutStreams: log.cutStreams,
    setChallenge: (style) => {
      if (gate !== null) gate.challenge = style;
    },
    refuse: (refusal) => gate?.refuse(refusal),
    fault: ({ times = 1, ...fault }) => void faults.push({ ...fault, left: times }),
    close: async () => {
      closed = true;
      state.release();
      await host.close();
      if (own === null) return;
      const done = new Promise<void>((resolve) => own.close(() => resolve()));
      own.closeAllConnections();
      await done;
    },
  };
}

function createHost(options: McpServerOptions, path: string, state: ReturnType<typeof createServerState>): Host {
  if (options.era === 'modern') return modernHost(path, state, options);
  if (options.era === 'legacy') return legacyHost(path, state, options);
  return sseHost(path, '/messages', state, { protocolVersions: ['2024-11-05'], ...options });
}

// An SSE server has two addresses, so its resource is the origin that both are under.
function authFor(options: McpServerOptions, auth: AuthOptions, origin: string): AuthOptions {
  return options.era === 'legacy-sse' && auth.resource === undefined ? { ...auth, resource: `${origin}/` } : auth;
}

function issuerOrigin(options: McpServerOptions): string {
  if (options.auth === undefined) throw new Error('onAuthorizationServer needs auth');
  return options.auth.authorizationServer.origin;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBody) throw new Error('body too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
