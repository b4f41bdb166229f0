// The local authorization server: agents that speak MCP authorization sign in to the bridge itself, and the person decides in Tokentray.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { isTokentrayError } from '../../errors.ts';
import type { Clock, Fetch, Log } from '../../ports.ts';
import type { Secret } from '../../secret.ts';
import type { AgentRow, Store } from '../../store/types.ts';
import type { Agents } from '../agents.ts';
import type { AccessEvent, Approvals } from '../approvals.ts';
import type { Prompts } from '../prompts.ts';
import type { SteadyClock } from '../steady-clock.ts';
import {
  addressesAt,
  challengeFor,
  prefix,
  resourceMetadata,
  resourceMetadataServer,
  serverMetadata,
  serverMetadataPaths,
} from './addresses.ts';
import { normalised, type Asked } from './authorization-request.ts';
import { ClientFault, createClients, documentFetch } from './clients.ts';
import { createFlows, type FlowParts } from './flows.ts';
import { report } from './report.ts';
import { createLocalTokens } from './tokens.ts';
import { readJson, sendJson } from './wire.ts';
import { sendOverPage, sendWaitingPage } from './waiting-page.ts';
import { lockedAnswer, sendLocked } from './while-locked.ts';

export interface LocalAuthorization {
  /** True when the request was for one of its addresses; Host and Origin were checked before. */
  handle(req: IncomingMessage, res: ServerResponse): boolean;
  /** `WWW-Authenticate` for a request to a server without a key or token, or with one that is no good. */
  challenge(server: string, given: boolean): string;
  /** The agent that this token was issued to, for this server; null: it is not good here. */
  verify(token: Secret, server: string): AgentRow | null;
  /** The server is no more: what was issued for it ends at once. */
  serverForgotten(server: string): void;
  close(): void;
}

export interface LocalAuthorizationParts extends Pick<FlowParts, 'accountOf' | 'callerOf'> {
  /** The bridge's address, without a slash at its end. */
  readonly base: string;
  readonly store: Pick<Store, 'issued' | 'servers' | 'agents'>;
  readonly agents: Pick<Agents, 'oauth' | 'onEnd' | 'touch'>;
  readonly approvals: Pick<Approvals, 'living' | 'standing' | 'onChange'>;
  readonly prompts: Pick<Prompts, 'raise' | 'wait' | 'get'>;
  readonly clock: Clock;
  readonly steady: Pick<SteadyClock, 'now'>;
  /** Whether the person's lock stands before everything. */
  readonly isLocked: () => boolean;
  /** Reaches public addresses only, for documents that anybody may name. */
  readonly fetch: Fetch;
  /** Brings Tokentray's window up, at the question where one is named; absent where there is none. */
  readonly showWindow?: (prompt?: string) => void | Promise<void>;
  /** Ends what an agent has open; with a token that is good it may come again at once. */
  readonly endStreams: (agentId: string) => void;
  /** For activity and audit. */
  readonly tell: (event: AccessEvent) => void;
  readonly log: Log;
}

/** The person's answer is waited for by so many sign-ins at once. */
const mostFlows = 20;
const bodyWithinMs = 10_000;
const interactionPath = /^\/oauth\/interaction\/([\w-]{1,64})(\/show)?$/u;
const resumePath = /^\/oauth\/authorize\/[\w-]{1,64}$/u;

/** Addresses that a browser may be led to from anywhere: being there has no effect without the person. */
export const isNavigation = (path: string): boolean =>
  path.split('?', 1)[0] === `${prefix}/authorize` || resumePath.test(path) || interactionPath.test(path);

export function createLocalAuthorization(parts: LocalAuthorizationParts): LocalAuthorization {
  const { store, agents, approvals, log, showWindow } = parts;
  const { issued } = store;
  const addresses = addressesAt(parts.base);
  const now = (): number => parts.steady.now();
  const ownPort = new URL(parts.base).port;
  const clients = createClients({ issued, now, ownPort });
  const flows = createFlows(parts);
  const nameOf = (clientId: string): string => store.agents.byIdentity('oauth', clientId)?.name ?? '';
  const told = (kind: string, agent: string, server: string, detail: AccessEvent['detail'] = {}): void =>
    parts.tell({ kind, server, account: '', agent, detail });
  const tokens = createLocalTokens({
    issued,
    agents,
    store,
    approvals,
    addresses,
    now,
    onEnd: (clientId, servers) => {
      for (const server of servers)
        told('local-token-revoked', nameOf(clientId), server, { because: 'approval-ended' });
    },
  });

  issued.purge(now());
  tokens.reconcile();
  const offApprovals = approvals.onChange(({ agentId, ended }) => {
    // Another decision takes its place in the same breath, and tells of itself.
    if (ended?.because !== 'replaced') tokens.reconcile(agentId);
  });
  const offAgents = agents.onEnd(() => tokens.reconcile());

  /** Made with the first sign-in: until then it costs nothing. */
  let made: Promise<{ readonly one: Provider; readonly serve: ReturnType<Provider['callback']> }> | null = null;
  const provider = (): NonNullable<typeof made> =>
    (made ??= import('./provider.ts').then(({ createProvider }) => {
      const one = createProvider({
        issued,
        now,
        addresses,
        serverExists: (server) => store.servers.get(server) !== null,
        isLocked: parts.isLocked,
        fetch: documentFetch({ outbound: parts.fetch, now, ownPort }),
      });
      report(one, {
        log,
        used: clients.used,
        told(kind, clientId, resource) {
          told(kind, nameOf(clientId), addresses.serverOf(resource) ?? '');
          // Whoever holds a stream with what is good no more is not to keep it.
          const agent = store.agents.byIdentity('oauth', clientId);
          if (agent !== null && (kind === 'local-token-replayed' || kind === 'local-token-revoked')) {
            parts.endStreams(agent.id);
          }
        },
      });
      return { one, serve: one.callback() };
    }));

  /** The provider knows nothing of the path in its issuer, nor of other names of this machine. */
  const passOn = async (req: IncomingMessage, res: ServerResponse, inner: string): Promise<void> => {
    const { serve } = await provider();
    req.url = inner;
    req.headers.host = new URL(parts.base).host;
    Object.assign(req, { originalUrl: `${prefix}${inner}` });
    await serve(req, res);
  };

  const authorize = async (req: IncomingMessage, res: ServerResponse, asked: URLSearchParams): Promise<void> => {
    const servers = store.servers.list();
    const request: Asked = normalised(asked, {
      // Agents of before RFC 8707 name none: where there is one server only, it can be no other.
      only: servers.length === 1 ? addresses.resource(servers[0]?.name ?? '') : null,
    });
    if ('fault' in request) return sendOverPage(res, 400, request.fault);
    if (flows.size() >= mostFlows) return sendOverPage(res, 503, 'Too many sign-ins wait for an answer in Tokentray.');
    await passOn(req, res, `/authorize?${request.query}`);
  };

  const interaction = async (req: IncomingMessage, res: ServerResponse, id: string, show: boolean): Promise<void> => {
    const { one } = await provider();
    // By the browser's cookie: whoever knows the address alone is somebody else.
    const details = await one.interactionDetails(req, res).catch(() => null);
    const wish = details?.uid === id ? await wishOf(one, details.params) : null;
    if (wish === null) return sendOverPage(res, 400, 'It was answered, is too old, or began in another browser.');
    if (parts.isLocked()) {
      flows.done(id);
      return await one.interactionFinished(req, res, lockedAnswer, { mergeWithLastSubmission: false });
    }
    const state = flows.look(id, wish);
    if (show) {
      await showWindow?.(state.kind === 'waiting' ? state.promptId : undefined);
      res.writeHead(303, { location: `${prefix}/interaction/${id}`, 'cache-control': 'no-store' });
      res.end();
      return;
    }
    if (state.kind === 'waiting') {
      const showAt = showWindow === undefined ? null : `${prefix}/interaction/${id}/show`;
      return sendWaitingPage(res, { ...wish, ...state, showAt });
    }
    flows.done(id);
    if (state.kind === 'denied') {
      const error = { error: 'access_denied', error_description: asAscii(state.why) };
      return await one.interactionFinished(req, res, error, { mergeWithLastSubmission: false });
    }
    const { owner } = await import('./provider.ts');
    const grant = new one.Grant({ accountId: owner, clientId: wish.clientId });
    grant.addResourceScope(addresses.resource(wish.server), 'mcp');
    const consent = { grantId: await grant.save() };
    const login = { accountId: owner, remember: false };
    await one.interactionFinished(req, res, { login, consent }, { mergeWithLastSubmission: false });
  };

  const wishOf = async (one: Provider, params: Readonly<Record<string, unknown>>) => {
    const { client_id: clientId, redirect_uri: redirectUri, resource } = params;
    if (typeof clientId !== 'string' || typeof redirectUri !== 'string' || typeof resource !== 'string') return null;
    const server = addresses.serverOf(resource);
    const client = await one.Client.find(clientId);
    if (server === null || client === undefined || store.servers.get(server) === null) return null;
    return { clientId, redirectUri, server, clientName: client.clientName ?? null };
  };

  const register = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      const said = await readJson(req);
      if (parts.isLocked()) return sendLocked(res);
      const client = clients.register(said);
      const { client_name = '', redirect_uris } = client;
      told('client-registered', client_name.slice(0, 120), '', { redirect: (redirect_uris[0] ?? '').slice(0, 300) });
      sendJson(res, 201, client);
    } catch (error) {
      if (error instanceof ClientFault) {
        sendJson(res, error.status, { error: error.error, error_description: error.message });
      } else if (isTokentrayError(error)) {
        sendJson(res, 400, { error: 'invalid_client_metadata', error_description: error.message });
      } else throw error;
    }
  };

  const metadata = (res: ServerResponse, path: string): boolean => {
    if (serverMetadataPaths.has(path)) {
      sendJson(res, 200, serverMetadata(addresses));
      return true;
    }
    const server = resourceMetadataServer(path);
    if (server === null || store.servers.get(server) === null) return false;
    sendJson(res, 200, resourceMetadata(addresses, server));
    return true;
  };

  /** Null: there is nothing at this address. */
  const answer = (req: IncomingMessage, res: ServerResponse): Promise<void> | true | null => {
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    const reads = req.method === 'GET';
    if (reads && metadata(res, path)) return true;
    if (reads && path === `${prefix}/authorize`) return authorize(req, res, new URLSearchParams(query));
    if (reads && resumePath.test(path)) return passOn(req, res, path.slice(prefix.length));
    const [, id, show] = interactionPath.exec(path) ?? [];
    if (id !== undefined && (show === undefined ? reads : req.method === 'POST')) {
      return interaction(req, res, id, show !== undefined);
    }
    if (req.method !== 'POST') return null;
    const isRegistration = path === `${prefix}/register`;
    // What is given back is taken, locked or not.
    if ((isRegistration || path === `${prefix}/token`) && parts.isLocked()) {
      sendLocked(res);
      return true;
    }
    if (isRegistration) return register(req, res);
    if (path === `${prefix}/token` || path === `${prefix}/revoke`) return passOn(req, res, path.slice(prefix.length));
    return null;
  };

  return {
    handle(req, res) {
      const answering = answer(req, res);
      if (answering === null) return false;
      if (answering === true) {
        req.resume();
        return true;
      }
      // What is sent here is small; whoever takes long over it holds a place that somebody else needs.
      const stop = parts.clock.after(bodyWithinMs, () => req.complete || req.destroy());
      req.once('close', stop);
      answering.catch((error: unknown) => {
        const id = randomBytes(4).toString('hex');
        log.error('the local authorization server failed unexpectedly', { error, id });
        if (res.headersSent) res.destroy();
        else sendOverPage(res, 500, `An unexpected failure; the log of Tokentray has the details under ${id}.`);
      });
      return true;
    },
    challenge: (server, given) => challengeFor(addresses, store.servers.get(server) === null ? null : server, given),
    verify: (token, server) => tokens.verify(token, server),
    serverForgotten: (server) => void tokens.end({ server }),
    close() {
      offApprovals();
      offAgents();
      flows.close();
    },
  };
}

/** RFC 6749 section 4.1.2.1: `error_description` is printable ASCII without quote and backslash. */
const asAscii = (text: string): string =>
  text.replaceAll(/[^\u0020-\u0021\u0023-\u005b\u005d-\u007e]/gu, "'").slice(0, 300);
