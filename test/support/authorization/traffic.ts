// What came in at the test authorization server and what it answered, and the ways to make it fail on purpose.
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from './koa.ts';

export type Endpoint =
  | 'oauth-metadata'
  | 'oidc-metadata'
  | 'oidc-metadata-inserted'
  | 'jwks'
  | 'registration'
  | 'authorization'
  | 'pushed-authorization'
  | 'token'
  | 'revocation'
  | 'introspection'
  | 'userinfo'
  | 'interaction'
  | 'other';

/** One request, without any secret in it. */
export interface RecordedRequest {
  readonly at: number;
  readonly endpoint: Endpoint;
  readonly method: string;
  /** Without the query, and without the issuer's path. */
  readonly path: string;
  /** 0 when the connection was dropped without an answer. */
  readonly status: number;
  /** The parameters worth asserting on; `resource` as it was sent. */
  readonly params: Readonly<Record<string, string>>;
  /** The `error` of the answer, if it had one. */
  readonly error: string | null;
  readonly clientAuth: 'basic' | 'post' | 'jwt' | 'none';
  readonly dpop: boolean;
  readonly userAgent: string | null;
}

interface RequestFilter {
  readonly endpoint?: Endpoint;
  readonly method?: string;
  readonly status?: number;
  readonly grantType?: string;
}

export interface TrafficLog {
  readonly requests: readonly RecordedRequest[];
  readonly count: (filter?: RequestFilter) => number;
  readonly list: (filter?: RequestFilter) => RecordedRequest[];
  readonly clear: () => void;
}

/** How one endpoint fails, for the next `times` requests (default: one). */
export interface Fault {
  readonly endpoint: Endpoint;
  readonly times?: number;
  /** `before` (default): the request has no effect. `after`: it was carried out, only the answer is spoilt. */
  readonly when?: 'before' | 'after';
  readonly status?: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Cuts the connection instead of answering. With `after`: the lost answer. */
  readonly drop?: boolean;
  /** Holds the request (`before`) or its answer (`after`) until this settles. */
  readonly until?: Promise<unknown>;
}

export interface FaultHandle {
  readonly hits: () => number;
  readonly remove: () => void;
}

/** Changes JSON answers of an endpoint: a provider that lies, omits or types its fields differently. */
export type Rewrite = (body: Record<string, unknown>) => unknown;

const shownParams = [
  'grant_type',
  'scope',
  'resource',
  'client_id',
  'redirect_uri',
  'response_type',
  'prompt',
  'token_type_hint',
  'code_challenge_method',
] as const;

const secretFields = ['access_token', 'refresh_token', 'id_token', 'client_secret', 'registration_access_token'];

export interface Traffic {
  readonly log: TrafficLog;
  /** Every token and secret that was ever handed out: what a canary test looks for. */
  readonly secrets: ReadonlySet<string>;
  readonly rewrites: Map<Endpoint, Rewrite>;
  readonly fault: (fault: Fault) => FaultHandle;
  readonly middleware: (endpointOf: (request: IncomingMessage) => Endpoint) => Middleware;
}

export function createTraffic(): Traffic {
  const requests: RecordedRequest[] = [];
  const secrets = new Set<string>();
  const rewrites = new Map<Endpoint, Rewrite>();
  const faults: { fault: Fault; left: number; hits: number }[] = [];

  const matches = (request: RecordedRequest, filter: RequestFilter): boolean =>
    (filter.endpoint === undefined || request.endpoint === filter.endpoint) &&
    (filter.method === undefined || request.method === filter.method) &&
    (filter.status === undefined || request.status === filter.status) &&
    (filter.grantType === undefined || request.params['grant_type'] === filter.grantType);

  function take(endpoint: Endpoint): Fault | null {
    const active = faults.find((entry) => entry.left > 0 && entry.fault.endpoint === endpoint);
    if (active === undefined) return null;
    active.left -= 1;
    active.hits += 1;
    return active.fault;
  }

  return {
    secrets,
    rewrites,
    log: {
      requests,
      count: (filter = {}) => requests.filter((request) => matches(request, filter)).length,
      list: (filter = {}) => requests.filter((request) => matches(request, filter)),
      clear: () => void requests.splice(0),
    },
    fault: (fault) => {
      const entry = { fault, left: fault.times ?? 1, hits: 0 };
      faults.push(entry);
      return { hits: () => entry.hits, remove: () => void (entry.left = 0) };
    },
    middleware: (endpointOf) => async (ctx, next) => {
      const endpoint = endpointOf(ctx.req);
      const at = Date.now();
      const fault = take(endpoint);
      let params: Readonly<Record<string, string>>;
      let dropped = false;
      if (fault !== null && fault.when !== 'after') await fault.until;
      if (fault !== null && fault.when !== 'after' && spoils(fault)) {
        params = pick(await bodyParams(ctx));
        dropped = spoil(ctx, fault);
      } else {
        await next();
        params = pick(providerParams(ctx));
        collectSecrets(ctx.body, secrets);
        const rewrite = rewrites.get(endpoint);
        if (rewrite !== undefined && isObject(ctx.body)) ctx.body = rewrite(ctx.body);
        if (fault?.when === 'after') {
          await fault.until;
          dropped = spoil(ctx, fault);
        }
      }
      requests.push({
        at,
        endpoint,
        method: ctx.method,
        path: ctx.path,
        status: dropped ? 0 : ctx.status,
        params,
        error: isObject(ctx.body) && typeof ctx.body['error'] === 'string' ? ctx.body['error'] : null,
        clientAuth: clientAuth(ctx),
        dpop: ctx.get('dpop') !== '',
        userAgent: ctx.get('user-agent') || null,
      });
    },
  };
}

const spoils = (fault: Fault): boolean => fault.drop === true || fault.status !== undefined || fault.body !== undefined;

function spoil(ctx: Context, fault: Fault): boolean {
  if (fault.drop === true) {
    ctx.respond = false;
    ctx.req.socket.destroy();
    return true;
  }
  if (fault.status !== undefined) ctx.status = fault.status;
  if (fault.body !== undefined) ctx.body = fault.body;
  else if (fault.status !== undefined) ctx.body = `fault ${fault.status}`;
  if (fault.status !== undefined) ctx.status = fault.status;
  for (const [name, value] of Object.entries(fault.headers ?? {})) ctx.set(name, value);
  return false;
}

function providerParams(ctx: Context): Record<string, unknown> {
  const oidc = (ctx as unknown as { oidc?: { params?: Record<string, unknown> } }).oidc;
  return oidc?.params ?? ctx.query;
}

// The provider never sees a request that fails beforehand, so its body is still unread.
async function bodyParams(ctx: Context): Promise<Record<string, unknown>> {
  if (ctx.method !== 'POST') return ctx.query;
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
}

function pick(params: Record<string, unknown>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of shownParams) {
    const value = params[name];
    if (typeof value === 'string') shown[name] = value;
    else if (Array.isArray(value)) shown[name] = value.join(' ');
  }
  return shown;
}

function clientAuth(ctx: Context): RecordedRequest['clientAuth'] {
  if (/^basic /i.test(ctx.get('authorization'))) return 'basic';
  const params = providerParams(ctx);
  if (params['client_assertion'] !== undefined) return 'jwt';
  return params['client_secret'] === undefined ? 'none' : 'post';
}

function collectSecrets(body: unknown, secrets: Set<string>): void {
  if (!isObject(body)) return;
  for (const field of secretFields) {
    const value = body[field];
    if (typeof value === 'string' && value.length >= 8) secrets.add(value);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
