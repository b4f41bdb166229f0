// The local authorization server over a real database on loopback, with an agent's half and a browser that keeps cookies.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccess, type Access } from '../../../main/access/access.ts';
import { createAgents, type Agents } from '../../../main/access/agents.ts';
import type { AccessEvent } from '../../../main/access/approvals.ts';
import {
  createLocalAuthorization,
  type LocalAuthorization,
} from '../../../main/access/authorization-server/local-authorization.ts';
import { createSteadyClock } from '../../../main/access/steady-clock.ts';
import { everything, type Lasts } from '../../../main/access/types.ts';
import { callerOf } from '../../../main/bridge/listener.ts';
import { TokentrayError } from '../../../main/errors.ts';
import type { Fetch } from '../../../main/ports.ts';
import { secret } from '../../../main/secret.ts';
import { openStore } from '../../../main/store/open.ts';
import type { Store } from '../../../main/store/types.ts';
import { silent } from '../../support/silent.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const settings = {
  signIn: 'ask',
  flow: 'authorization_code',
  pinnedScopes: null,
  removedScopes: [],
  chosenIssuer: null,
  allowHttp: false,
  era: null,
} as const;

export interface Desk extends AsyncDisposable {
  readonly base: string;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly agents: Agents;
  readonly access: Access;
  readonly events: AccessEvent[];
  /** Documents of clients, by address; everything else is not found. */
  readonly documents: Map<string, unknown>;
  readonly fetched: string[];
  /** How often the window was brought up, and at which question last. */
  readonly shown: { count: number; prompt: string | null };
  readonly authorization: LocalAuthorization;
  /** The person's lock. */
  readonly lock: { on: boolean };
  /** The name of the agent whose token it is, as the bridge would have it for this server. */
  whose(token: string, server?: string): string | null;
  resource(server?: string): string;
  /** Another broker over the same database and at the same address. */
  restart(): Promise<void>;
  decide(decision: 'allow' | 'deny', lasts?: Lasts, id?: string): void;
}

export async function desk(file = ':memory:'): Promise<Desk> {
  // The provider looks at the machine's clock, everything of ours at this one: they begin together.
  const clock = createFakeClock(Date.now());
  const { store } = openStore({ file, log: silent, clock });
  for (const name of ['notes', 'mail', 'paused']) {
    store.servers.add({ name, url: `https://${name}.example/mcp`, addedAt: clock.now(), settings });
  }
  const events: AccessEvent[] = [];
  const documents = new Map<string, unknown>();
  const fetched: string[] = [];
  const shown: Desk['shown'] = { count: 0, prompt: null };
  const outbound: Fetch = async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    fetched.push(url);
    const found = documents.get(url);
    if (found instanceof Response) return Object.defineProperty(found.clone(), 'url', { value: found.url });
    return found === undefined ? new Response('', { status: 404 }) : Response.json(found);
  };

  const lock = { on: false };
  let handle: LocalAuthorization['handle'] | null = null;
  const server = createServer((req, res) => {
    if (handle?.(req, res) !== true) res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const begin = () => {
    const agents = createAgents({ store, clock });
    const steady = createSteadyClock({ clock, store });
    const access = createAccess({
      store,
      clock,
      steady,
      mode: () => 'ask',
      wait: () => 50_000,
      accountOf: () => 'default',
      known: () => null,
      serverRules: () => everything,
      pins: {
        standing: () => ({ state: 'unknown', because: null, marked: 'unmarked', known: false, listed: false }),
        seen: () => undefined,
        filter: (_server, _account, tools) => tools,
      },
      readTools: () => Promise.resolve({ kind: 'listed', pages: [] }),
      audit: { toolCall: () => undefined },
      agentView: agents.view,
      about: (name) => ({ url: `https://${name}.example/mcp`, identity: null, scopes: [] }),
      linkFor: (id) => `${base}/approve/${id}`,
      tell: (event) => void events.push(event),
    });
    agents.onEnd(access.agentEnded);
    const authorization = createLocalAuthorization({
      base,
      store,
      agents,
      approvals: access.approvals,
      prompts: access.prompts,
      clock,
      steady,
      isLocked: () => lock.on,
      accountOf: () => 'default',
      callerOf,
      fetch: outbound,
      showWindow(prompt) {
        shown.count += 1;
        shown.prompt = prompt ?? null;
      },
      endStreams: access.guards.agentEnded,
      tell: (event) => void events.push(event),
      log: silent,
    });
    handle = authorization.handle;
    return { agents, access, authorization };
  };
  let now = begin();
  const close = (): void => {
    now.authorization.close();
    now.access.close();
  };

  return {
    base,
    clock,
    store,
    events,
    documents,
    fetched,
    shown,
    lock,
    get agents() {
      return now.agents;
    },
    get access() {
      return now.access;
    },
    get authorization() {
      return now.authorization;
    },
    whose: (token, name = 'notes') => now.authorization.verify(secret(token), name)?.name ?? null,
    resource: (name = 'notes') => `${base}/mcp/${name}`,
    async restart() {
      close();
      now = begin();
    },
    decide(decision, lasts = 'always', id) {
      const [one, other] = now.access.prompts.list();
      if (one === undefined || (other !== undefined && id === undefined)) throw new Error('not exactly one prompt');
      now.access.prompts.decide(id ?? one.id, { decision, lasts }, 'window');
    },
    async [Symbol.asyncDispose]() {
      close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      store.close();
    },
  };
}

/** A browser as far as it counts here: cookies by path, redirects one by one. */
export class Browser {
  readonly #cookies: { name: string; value: string; path: string }[] = [];

  async get(url: string, method = 'GET'): Promise<Response> {
    const { pathname } = new URL(url);
    const sent = this.#cookies.filter(
      ({ path }) => pathname === path || pathname.startsWith(`${path.replace(/\/$/u, '')}/`),
    );
    const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { method, redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
    for (const line of answer.headers.getSetCookie()) this.#keep(line, pathname);
    return answer;
  }

  /** Until there is a page, or another place than `base` comes. */
  async follow(url: string, base: string): Promise<{ at: string; status: number; page: string }> {
    for (let at = url, hops = 0; hops < 10; hops += 1) {
      if (!at.startsWith(`${base}/`)) return { at, status: 0, page: '' };
      const answer = await this.get(at);
      const location = answer.headers.get('location');
      const page = await answer.text();
      if (location === null) return { at, status: answer.status, page };
      at = new URL(location, at).href;
    }
    throw new Error('it leads around in a circle');
  }

  #keep(line: string, from: string): void {
    const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
    const [name = '', value = ''] = pair.split(/=(.*)/su);
    const path = rest.find((part) => /^path=/iu.test(part))?.slice(5) ?? from;
    const known = this.#cookies.findIndex((one) => one.name === name && one.path === path);
    if (known >= 0) this.#cookies.splice(known, 1);
    if (value !== '') this.#cookies.push({ name, value, path });
  }
}

export interface Client {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

export const redirectUri = 'http://127.0.0.1:43210/callback';

export const post = (url: string, form: Record<string, string>): Promise<Response> =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form) });

export const newVerifier = (): string => randomBytes(32).toString('base64url');

export async function register(base: string, more: Record<string, unknown> = {}): Promise<Client> {
  const answer = await fetch(`${base}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Editor', redirect_uris: [redirectUri], ...more }),
  });
  const body = (await answer.json()) as { client_id: string; redirect_uris: string[] };
  if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
  return { clientId: body.client_id, redirectUri: body.redirect_uris[0] ?? '', verifier: newVerifier() };
}

/** The address that an agent opens; `null` leaves a parameter out. */
export function authorizeUrl(d: Pick<Desk, 'base'>, client: Client, more: Record<string, string | null> = {}): string {
  const url = new URL(`${d.base}/oauth/authorize`);
  const params = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    code_challenge: createHash('sha256').update(client.verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: `${d.base}/mcp/notes`,
    state: 'state-of-the-agent',
    ...more,
  };
  for (const [name, value] of Object.entries(params)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly token_type: string;
  readonly scope: string;
}

export const redeem = (d: Pick<Desk, 'base'>, client: Client, code: string, more: Record<string, string> = {}) =>
  post(`${d.base}/oauth/token`, {
    grant_type: 'authorization_code',
    code,
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    code_verifier: client.verifier,
    resource: `${d.base}/mcp/notes`,
    ...more,
  });

export const refresh = (d: Pick<Desk, 'base'>, client: Client, token: string, more: Record<string, string> = {}) =>
  post(`${d.base}/oauth/token`, {
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: client.clientId,
    ...more,
  });

/** What came back at the redirect address. */
export function answerAt(at: string): Record<string, string> {
  return Object.fromEntries(new URL(at).searchParams);
}

/** All of it, with the person saying yes. */
export async function signIn(d: Desk, client: Client, lasts: Lasts = 'always', server = 'notes'): Promise<Tokens> {
  const browser = new Browser();
  const resource = d.resource(server);
  const page = await browser.follow(authorizeUrl(d, client, { resource }), d.base);
  if (page.status !== 200) throw new Error(`${page.status} ${page.page}`);
  d.decide('allow', lasts);
  const { code } = answerAt((await browser.follow(page.at, d.base)).at);
  const answer = await redeem(d, client, code ?? '', { resource });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Tokens;
}

/** @throws anything but a refusal */
export async function errorOf(answering: Promise<Response>): Promise<string> {
  const answer = await answering;
  const body = (await answer.json()) as { error?: string };
  if (answer.status < 400 || body.error === undefined) throw new TokentrayError('internal', 'it was not refused');
  return body.error;
}
