// The local HTTP endpoint of the broker: agents' requests to their servers, and the pages behind sign-in links.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Agents } from '../access/agents.ts';
import { isTokentrayError, TokentrayError } from '../errors.ts';
import type { Grants } from '../grants/types.ts';
import type { Clock, Log } from '../ports.ts';
import type { AgentRow, ServerRow, Store } from '../store/types.ts';
import { explain, json, requestIds, sendFailure, sendJson } from './answers.ts';
import { limitConnections } from './connections.ts';
import { agentEra } from './eras.ts';
import { ReplayBody } from './forward-body.ts';
import { forward, readableBytes } from './forward.ts';
import { guardAgent, guardMethod, guardOrigin, type Refusal } from './guards.ts';
import { hasBody } from './hop-by-hop.ts';
import { routeFor } from './listener-route.ts';
import { sendWebResponse, webRequest } from './listener-web.ts';
import { relayedBytes, relayedMemory } from './relayed-bytes.ts';
import type { HttpRelay, ServerEra } from './relay/types.ts';
import { createSignInLinks, type SignInLinks } from './sign-in-link.ts';

/**
 * TRAY on a telephone's keys, with a 1 before it: below the ports that Linux (32768), macOS and Windows (49152) hand out
 * by themselves, so that no outgoing connection can sit on it, and in no list of assigned ports.
 */
export const defaultPort = 18_729;

export interface BridgeParts {
  readonly preferredPort?: number;
  /** How many connections may be open at once. */
  readonly mostConnections?: number;
  readonly store: Pick<Store, 'servers'>;
  readonly grants: Pick<Grants, 'upstreamAuth' | 'state' | 'signIn'>;
  readonly agents: Pick<Agents, 'verify'>;
  readonly outbound: { readonly mcpDispatcher: Dispatcher };
  readonly relayFor: (server: string) => Pick<HttpRelay, 'handle' | 'owns'>;
  readonly serverEra: (server: string) => Promise<ServerEra>;
  /** @throws paused while a person has stopped all lending */
  readonly checkOpen?: () => void;
  readonly onUse?: (server: string, agent: AgentRow) => void;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Bridge {
  readonly port: number;
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  readonly url: string;
  /** False when the preferred port was taken: agents that are set up with it do not find the bridge. */
  readonly onPreferredPort: boolean;
  readonly signInLinks: SignInLinks;
  /** Breaks off what agents have under way with a server that is no more, forwarded streams among it. */
  forget(server: string): void;
  /** Ends every stream and frees the port. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const mcpPath = /^\/mcp\/([a-z0-9-]{1,64})$/u;
/** An agent holds a handful of streams; this many mean that something is wrong, and each costs file descriptors. */
const defaultMostConnections = 512;
const mostHeaderBytes = 32 * 1024;
/** An agent sends its headers at once; whoever holds a connection without a word takes it from somebody else. */
const headersWithinMs = 5_000;
const lookForSilentEveryMs = 2_000;
/** A sender that pauses for longer in the middle of a message that the relay has to hold has been lost. */
const bodyPauseWithinMs = 30_000;
/** A refused sender may finish its body, so that it reads the answer, but not at leisure. */
const refusedBodyWithinMs = 5_000;

/** @throws port_taken when not even a free port can be had */
export async function startBridge(parts: BridgeParts): Promise<Bridge> {
  const { log, clock } = parts;
  const preferredPort = parts.preferredPort ?? defaultPort;
  const listening: { port: number; links: SignInLinks | null } = { port: 0, links: null };

  const server = createServer(
    {
      maxHeaderSize: mostHeaderBytes,
      headersTimeout: headersWithinMs,
      connectionsCheckingInterval: lookForSilentEveryMs,
      // A large body may take as long as its server takes to read it.
      requestTimeout: 0,
    },
    (req, res) => {
      answer(req, res).catch((error: unknown) => {
        log.error('a bridge request failed unexpectedly', { error });
        if (res.headersSent) res.destroy();
        else
          sendFailure(
            res,
            explain(error, 'the server', () => ''),
            { kind: 'none' },
          );
      });
    },
  );
  const connections = limitConnections(server, parts.mostConnections ?? defaultMostConnections, log);

  const memoryFor = relayedMemory();
  const inUse = new Map<string, Set<ServerResponse>>();

  const refuse = (req: IncomingMessage, res: ServerResponse, refusal: Refusal): void => {
    sendJson(res, refusal.status, { error: refusal.message }, { ...refusal.headers, connection: 'close' });
    log.debug('refused a request', { status: refusal.status });
    req.resume();
    if (!req.complete) {
      const stop = clock.after(refusedBodyWithinMs, () => req.destroy());
      req.once('close', stop);
    }
  };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url ?? '';
    const isLink = path.startsWith('/sign-in/');
    const foreign = guardOrigin(req, listening.port, { navigation: isLink && req.method === 'GET' });
    if (foreign !== null) return refuse(req, res, foreign);
    if (isLink && listening.links?.handle(req, res) === true) {
      req.resume();
      return;
    }
    const name = mcpPath.exec(path)?.[1];
    if (name === undefined) return refuse(req, res, { status: 404, message: 'There is nothing at this address.' });
    const method = guardMethod(req, ['POST', 'GET', 'DELETE']);
    if (method !== null) return refuse(req, res, method);
    const asked = guardAgent(req, (key) => parts.agents.verify(key));
    if ('refusal' in asked) return refuse(req, res, asked.refusal);
    connections.proven(req.socket);
    const row = parts.store.servers.get(name);
    if (row === null) {
      return refuse(req, res, {
        status: 404,
        message: `No server is called "${name}" here. Run "tokentray list" to see the servers, "tokentray add" to add one.`,
      });
    }
    await serve(req, res, row, asked.agent);
  };

  const serve = async (req: IncomingMessage, res: ServerResponse, row: ServerRow, agent: AgentRow): Promise<void> => {
    const body = new ReplayBody(req, undefined, () => clock.after(bodyPauseWithinMs, () => req.destroy()));
    const ofServer = inUse.get(row.name) ?? new Set<ServerResponse>();
    inUse.set(row.name, ofServer.add(res));
    res.once('close', () => {
      ofServer.delete(res);
      if (ofServer.size === 0 && inUse.get(row.name) === ofServer) inUse.delete(row.name);
    });
    const link = (): string => listening.links?.linkFor(row.name) ?? '';
    try {
      // A session may be ended all the same: that lends nothing, and the server would keep it.
      if (req.method !== 'DELETE') parts.checkOpen?.();
      parts.onUse?.(row.name, agent);
      const relay = parts.relayFor(row.name);
      const route = await routeFor({
        sessionId: sessionIdOf(req),
        relayOwns: (id) => relay.owns(id),
        grant: parts.grants.state(row.name).kind,
        opensBrowser: row.settings.signIn === 'auto',
        agentEra: () => agentEraOf(req, body),
        serverEra: () => parts.serverEra(row.name),
      });
      log.debug('bridge request', { server: row.name, agent: agent.name, method: req.method, route });
      if (route === 'forward') {
        body.unwatch();
        const refused = await forward(req, res, body, {
          server: row.name,
          url: new URL(row.url),
          auth: parts.grants.upstreamAuth(row.name),
          dispatcher: parts.outbound.mcpDispatcher,
          link,
          log,
          clock,
        }).catch((error: unknown) => {
          if (!isTokentrayError(error, 'needs_sign_in')) throw error;
          return 'needs-sign-in' as const;
        });
        if (refused === 'needs-sign-in') {
          body.watchAgain();
          await relayed(req, res, body, relay, agent);
        }
      } else {
        await relayed(req, res, body, relay, agent);
      }
    } catch (error) {
      if (res.destroyed) return;
      const failure = explain(error, row.name, link);
      log.warn('a bridge request failed', { server: row.name, told: failure.code, error });
      if (res.headersSent) res.destroy();
      else sendFailure(res, failure, requestIds(await readable(req, body)));
    } finally {
      if (!req.complete && !req.destroyed) await body.drain().catch(() => undefined);
    }
  };

  const relayed = async (
    req: IncomingMessage,
    res: ServerResponse,
    body: ReplayBody,
    relay: Pick<HttpRelay, 'handle'>,
    agent: AgentRow,
  ): Promise<void> => {
    if (Number(req.headers['content-length'] ?? 0) > relayedBytes) {
      throw new TokentrayError('invalid_input', `a message is larger than ${relayedBytes} bytes`);
    }
    const gone = new AbortController();
    res.once('close', () => {
      if (!res.writableFinished) gone.abort();
    });
    const share = memoryFor(agent.id);
    res.once('close', () => share.giveBack());
    const url = new URL(req.url ?? '/', `http://${host}:${listening.port}`);
    const response = await relay.handle(webRequest(req, body, url, gone.signal, share), { agent: agent.id });
    await sendWebResponse(res, response);
  };

  const onPreferredPort = await listen(server, preferredPort);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TokentrayError('internal', 'the bridge has no port');
  const url = `http://${host}:${address.port}`;
  if (!onPreferredPort) {
    log.warn('the bridge port is taken by another program; a free one is used', {
      preferred: preferredPort,
      port: address.port,
    });
  }
  const signInLinks = createSignInLinks({ grants: parts.grants, baseUrl: url, clock, log });
  listening.port = address.port;
  listening.links = signInLinks;

  return {
    port: address.port,
    url,
    onPreferredPort,
    signInLinks,
    forget(name) {
      for (const res of inUse.get(name) ?? []) res.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Event streams never end by themselves.
        server.closeAllConnections();
      }),
  };
}

/** True on the preferred port, false on a free one. */
async function listen(server: Server, preferred: number): Promise<boolean> {
  try {
    await bind(server, preferred);
    return true;
  } catch (error) {
    // Windows answers EACCES for ports inside ranges that it keeps for itself.
    if (!isCode(error, 'EADDRINUSE') && !isCode(error, 'EACCES')) throw portTaken(preferred, error);
  }
  try {
    await bind(server, 0);
    return false;
  } catch (error) {
    throw portTaken(preferred, error);
  }
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const portTaken = (port: number, cause: unknown): TokentrayError =>
  new TokentrayError('port_taken', `the bridge cannot listen on ${host}:${port}`, {
    attempted: 'start the HTTP bridge',
    advice: 'Choose another port in the settings.',
    cause,
  });

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function sessionIdOf(req: IncomingMessage): string | null {
  const value = req.headers['mcp-session-id'];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The era by headers, and by the body where it is small enough to be looked into. */
async function agentEraOf(req: IncomingMessage, body: ReplayBody): Promise<'modern' | 'legacy'> {
  const headers = new Headers();
  for (const name of ['mcp-protocol-version', 'mcp-session-id']) {
    const value = req.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const bytes = await readable(req, body);
  return agentEra(headers, bytes === null ? undefined : json(bytes));
}

async function readable(req: IncomingMessage, body: ReplayBody): Promise<Buffer | null> {
  if (!hasBody(req.headers) || Number(req.headers['content-length'] ?? 0) > readableBytes) return null;
  return body.peek(readableBytes).catch(() => null);
}
