// The local HTTP endpoint of the broker: agents' requests to their servers, and the pages behind sign-in links.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Agents } from '../access/agents.ts';
import type { ApprovalPages } from '../access/approval-page.ts';
import { isNavigation } from '../access/authorization-server/local-authorization.ts';
import type { LocalAuthorization } from '../access/authorization-server/local-authorization.ts';
import type { Caller } from '../access/types.ts';
import { isTokentrayError } from '../errors.ts';
import type { Grants } from '../grants/types.ts';
import { listenOn, loopbackAddress } from '../net/listen-on.ts';
import type { Clock, Log } from '../ports.ts';
import type { AgentRow, ServerRow, Store } from '../store/types.ts';
import { explain, requestIdsOf, sendFailure, sendJson } from './answers.ts';
import { clientInfo, type ClientInfo } from './client-info.ts';
import { limitConnections } from './connections.ts';
import { agentEra } from './eras.ts';
import { forward } from './forward.ts';
import { guardAgent, guardMethod, guardOrigin, type Refusal } from './guards.ts';
import { readIncoming, valueOf } from './incoming.ts';
import type { Incoming, ReadMessages } from './incoming.ts';
import { faultOf } from './listener-fault.ts';
import { routeFor } from './listener-route.ts';
import { sendWebResponse, webRequest } from './listener-web.ts';
import { readBody } from './read-body.ts';
import { relayedMemory } from './relayed-bytes.ts';
import type { AgentEra } from './relay/types.ts';
import { codes, fail } from './relay/wire.ts';
import { sessionOwners } from './session-owners.ts';
import { createSignInLinks, type SignInLinks } from './sign-in-link.ts';
import { lastWordsMs } from './upstreams.ts';
import type { AgentRelay } from './upstreams.ts';

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
  /** What this agent has of the server, behind its guard. @throws unknown_server, account_missing */
  readonly relayFor: (server: string, caller: Caller) => AgentRelay;
  /** What the links of prompts lead to. */
  readonly approvalPages?: Pick<ApprovalPages, 'handle'>;
  /** Where agents sign in by themselves; made once the bridge has its address. */
  readonly authorization?: (bridgeUrl: string) => LocalAuthorization;
  /** @throws paused while a person has stopped all lending */
  readonly checkOpen?: () => void;
  /** For what no guard is asked about. @throws locked */
  readonly checkUnlocked?: () => void;
  /** `client`: what the messages say that the agent is; null: they do not. */
  readonly onUse?: (server: string, agent: AgentRow, client: ClientInfo | null) => void;
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
  /** How many requests and streams of agents are open. */
  streams(): number;
  /** Ends every stream and frees the port. */
  close(): Promise<void>;
}

const mcpPath = /^\/mcp\/([a-z0-9-]{1,64})$/u;
/** An agent holds a handful of streams; this many mean that something is wrong, and each costs file descriptors. */
const defaultMostConnections = 512;
const mostHeaderBytes = 32 * 1024;
/** An agent sends its headers at once; whoever holds a connection without a word takes it from somebody else. */
const headersWithinMs = 5_000;
const lookForSilentEveryMs = 2_000;
/** A sender that pauses for longer in the middle of a message has been lost. */
const bodyPauseWithinMs = 30_000;
/** A refused sender may finish its body, so that it reads the answer, but not at leisure. */
const refusedBodyWithinMs = 5_000;

/** @throws port_taken when not even a free port can be had */
export async function startBridge(parts: BridgeParts): Promise<Bridge> {
  const { log, clock } = parts;
  const preferredPort = parts.preferredPort ?? defaultPort;
  const listening: { port: number; links: SignInLinks | null; authorization: LocalAuthorization | null } = {
    port: 0,
    links: null,
    authorization: null,
  };

  const server = createServer(
    {
      maxHeaderSize: mostHeaderBytes,
      headersTimeout: headersWithinMs,
      connectionsCheckingInterval: lookForSilentEveryMs,
      // A large body may take long as a whole.
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
  const owners = sessionOwners();
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
    const isPage = path.startsWith('/sign-in/') || path.startsWith('/approve/');
    const { authorization } = listening;
    const isRead = isPage || (authorization !== null && isNavigation(path));
    const foreign = guardOrigin(req, listening.port, { navigation: isRead && req.method === 'GET' });
    if (foreign !== null) return refuse(req, res, foreign);
    if (isPage && (listening.links?.handle(req, res) === true || parts.approvalPages?.handle(req, res) === true)) {
      req.resume();
      return;
    }
    if (authorization?.handle(req, res) === true) return;
    const name = mcpPath.exec(path)?.[1];
    if (name === undefined) return refuse(req, res, { status: 404, message: 'There is nothing at this address.' });
    const method = guardMethod(req, ['POST', 'GET', 'DELETE']);
    if (method !== null) return refuse(req, res, method);
    const asked = guardAgent(
      req,
      (key) => parts.agents.verify(key) ?? authorization?.verify(key, name) ?? null,
      authorization === null ? undefined : (given) => authorization.challenge(name, given),
    );
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
    const ofServer = inUse.get(row.name) ?? new Set<ServerResponse>();
    inUse.set(row.name, ofServer.add(res));
    const share = memoryFor(agent.id);
    res.once('close', () => {
      share.giveBack();
      ofServer.delete(res);
      if (ofServer.size === 0 && inUse.get(row.name) === ofServer) inUse.delete(row.name);
    });
    let account: string | undefined;
    const link = (): string => listening.links?.linkFor(row.name, account) ?? '';
    let body: Incoming | null = null;
    try {
      const bytes = req.method === 'POST' ? await readBody(req, share, whileSending(req)) : null;
      body = bytes === null ? null : readIncoming(bytes);
      // A session may be ended all the same: that lends nothing, and the server would keep it.
      if (req.method !== 'DELETE') parts.checkOpen?.();
      const wrong = faultOf(req, body);
      if (wrong !== null) return sendJson(res, wrong.status, wrong.answer);
      const read = body?.kind === 'read' ? body : null;
      parts.onUse?.(row.name, agent, read === null ? null : clientInfo(read.messages));
      const relay = parts.relayFor(row.name, callerOf(agent));
      account = relay.guard.account;
      res.once(
        'close',
        relay.onEnd(() => clock.after(lastWordsMs, () => res.destroy())),
      );
      const sessionId = sessionIdOf(req);
      const owner = sessionId === null ? null : owners.ownerOf(row.name, sessionId);
      // With another account it would go on as somebody else: never silently.
      const self = JSON.stringify([agent.id, account]);
      if (owner !== null && owner !== self) {
        return sendJson(res, 404, { jsonrpc: '2.0', id: null, ...fail(codes.invalidRequest, 'Session not found') });
      }
      const route = await routeFor({
        sessionId,
        relayOwns: (id) => relay.owns(id),
        allowed: relay.guard.open(),
        isServers: () => owner === self,
        grant: parts.grants.state(row.name, account).kind,
        opensBrowser: row.settings.signIn === 'auto',
        agentEra: agentEraOf(req, read),
        serverEra: () => relay.era(),
      });
      log.debug('bridge request', { server: row.name, agent: agent.name, method: req.method, route });
      if (route === 'relay') return await relayed(req, res, read, relay);
      await forward(req, res, bytes === null || read === null ? null : { bytes, read }, {
        server: row.name,
        url: new URL(row.url),
        auth: parts.grants.upstreamAuth(row.name, account),
        dispatcher: parts.outbound.mcpDispatcher,
        upstream: relay.upstream,
        link,
        ...(parts.checkUnlocked === undefined ? {} : { checkUnlocked: parts.checkUnlocked }),
        onSession: (id) => owners.note(row.name, id, self),
        log,
        clock,
      }).catch((error: unknown) => {
        if (!isTokentrayError(error, 'needs_sign_in')) throw error;
        return relayed(req, res, read, relay);
      });
    } catch (error) {
      if (res.destroyed) return;
      const failure = explain(error, row.name, link);
      log.warn('a bridge request failed', { server: row.name, told: failure.code, error });
      if (res.headersSent) res.destroy();
      else sendFailure(res, failure, body === null ? { kind: 'none' } : requestIdsOf(body));
    }
  };

  /** A sender that pauses in the middle of a message has been lost. */
  const whileSending = (req: IncomingMessage) => () => clock.after(bodyPauseWithinMs, () => req.destroy());

  const relayed = async (
    req: IncomingMessage,
    res: ServerResponse,
    body: ReadMessages | null,
    relay: AgentRelay,
  ): Promise<void> => {
    const gone = new AbortController();
    res.once('close', () => {
      if (!res.writableFinished) gone.abort();
    });
    const url = new URL(req.url ?? '/', `http://${loopbackAddress}:${listening.port}`);
    const response = await relay.handle(webRequest(req, url, gone.signal), body ?? undefined);
    await sendWebResponse(res, response);
  };

  const { port, onPreferredPort } = await listenOn(server, {
    preferredPort,
    who: 'the bridge',
    attempted: 'start the HTTP bridge',
    advice: 'Choose another port in the settings.',
  });
  const url = `http://${loopbackAddress}:${port}`;
  if (!onPreferredPort) {
    log.warn('the bridge port is taken by another program; a free one is used', {
      preferred: preferredPort,
      port,
    });
  }
  const signInLinks = createSignInLinks({ grants: parts.grants, baseUrl: url, clock, log });
  listening.port = port;
  listening.links = signInLinks;
  listening.authorization = parts.authorization?.(url) ?? null;

  return {
    port,
    url,
    onPreferredPort,
    signInLinks,
    forget(name) {
      listening.authorization?.serverForgotten(name);
      for (const res of inUse.get(name) ?? []) res.destroy();
    },
    streams: () => [...inUse.values()].reduce((sum, { size }) => sum + size, 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        listening.authorization?.close();
        // Event streams never end by themselves.
        server.closeAllConnections();
      }),
  };
}

function sessionIdOf(req: IncomingMessage): string | null {
  const value = req.headers['mcp-session-id'];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** One agent on HTTP, whichever of its connections it comes by. */
/** What "for this session" is bound to, for an agent that keeps no connection. */
export const callerOf = (agent: Caller['agent']): Caller => ({
  agent,
  via: 'http',
  session: `http:${agent.id}`,
  folder: null,
});

/** The era by headers and body. */
function agentEraOf(req: IncomingMessage, body: ReadMessages | null): AgentEra {
  const headers = new Headers();
  for (const name of ['mcp-protocol-version', 'mcp-session-id']) {
    const value = req.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return agentEra(headers, body === null ? undefined : valueOf(body));
}
