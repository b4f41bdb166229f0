// What arrived at a test MCP server: every HTTP request with what it asked for, and a way to wait for things to happen.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One HTTP request. The token appears as a hash only. */
export interface WireRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Every header but `authorization`, `cookie` and `dpop`. */
  readonly headers: Readonly<Record<string, string>>;
  /** `Bearer` or `DPoP`, as it was written; null without one. */
  readonly scheme: string | null;
  /** First 16 hex digits of SHA-256; equal for equal tokens. Null without one. */
  readonly tokenHash: string | null;
  /** JSON-RPC, when the body was that: method, id, and the tool, prompt or resource it names. */
  rpc: RpcSummary | null;
  /** The body as it came, for byte-exact comparisons. */
  body: Buffer;
  /** 0 until there is an answer. */
  status: number;
  /** Whether the answer is an event stream that is still open. */
  streaming: boolean;
  /** The other side closed before the answer was complete. */
  aborted: boolean;
}

export interface RpcSummary {
  readonly method: string | null;
  readonly id: string | number | null;
  readonly name: string | null;
  readonly message: Readonly<Record<string, unknown>>;
}

export interface WireLog {
  readonly requests: readonly WireRequest[];
  readonly list: (filter: { rpc?: string; name?: string; method?: string; status?: number }) => WireRequest[];
  readonly openStreams: () => WireRequest[];
  /** Cuts every open event stream, as a proxy that lost patience; says how many. */
  readonly cutStreams: () => number;
  readonly clear: () => void;
  readonly enter: (request: IncomingMessage, response: ServerResponse) => WireRequest;
  /** Tells waiters that something happened. */
  readonly changed: () => void;
  /** Resolves when `condition` holds, looked at after everything that happens; rejects after `timeoutMs`. */
  readonly until: (condition: () => boolean, timeoutMs?: number) => Promise<void>;
}

const hiddenHeaders = new Set(['authorization', 'cookie', 'dpop']);

export function createWireLog(): WireLog {
  const requests: WireRequest[] = [];
  const responses = new Map<WireRequest, ServerResponse>();
  const waiters = new Set<() => void>();
  const changed = (): void => {
    for (const waiter of waiters) waiter();
  };

  return {
    requests,
    changed,
    list: (filter) =>
      requests.filter(
        (request) =>
          (filter.rpc === undefined || request.rpc?.method === filter.rpc) &&
          (filter.name === undefined || request.rpc?.name === filter.name) &&
          (filter.method === undefined || request.method === filter.method) &&
          (filter.status === undefined || request.status === filter.status),
      ),
    openStreams: () => requests.filter((request) => request.streaming),
    cutStreams: () => {
      const open = [...responses].filter(([request]) => request.streaming);
      for (const [, response] of open) response.destroy();
      return open.length;
    },
    clear: () => void requests.splice(0),
    enter: (incoming, response) => {
      const [scheme = null, token = null] = incoming.headers.authorization?.split(' ', 2) ?? [];
      const entry: WireRequest = {
        at: Date.now(),
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: shownHeaders(incoming),
        scheme,
        tokenHash: token === null ? null : hashToken(token),
        rpc: null,
        body: Buffer.alloc(0),
        status: 0,
        streaming: false,
        aborted: false,
      };
      requests.push(entry);
      responses.set(entry, response);
      const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
      response.writeHead = (...args: unknown[]) => {
        writeHead(...args);
        entry.status = response.statusCode;
        entry.streaming = contentType(response, args.at(-1)).startsWith('text/event-stream');
        changed();
        return response;
      };
      response.once('close', () => {
        entry.streaming = false;
        entry.aborted = !response.writableFinished;
        if (entry.status === 0 && response.headersSent) entry.status = response.statusCode;
        responses.delete(entry);
        changed();
      });
      changed();
      return entry;
    },
    until: (condition, timeoutMs = 5000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(look);
          reject(new Error(`did not happen in ${timeoutMs} ms: ${condition.toString()}`));
        }, timeoutMs);
        function look(): void {
          if (!condition()) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve();
        }
        waiters.add(look);
        look();
      }),
  };
}

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 16);

export function summarize(message: unknown): RpcSummary | null {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return null;
  const rpc = message as { method?: unknown; id?: unknown; params?: { name?: unknown; uri?: unknown } };
  const name = rpc.params?.name ?? rpc.params?.uri;
  return {
    method: typeof rpc.method === 'string' ? rpc.method : null,
    id: typeof rpc.id === 'string' || typeof rpc.id === 'number' ? rpc.id : null,
    name: typeof name === 'string' ? name : null,
    message: message as Record<string, unknown>,
  };
}

// Adapters pass the headers as an argument of writeHead, where getHeader does not see them.
function contentType(response: ServerResponse, given: unknown): string {
  const named = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  const found =
    named.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? response.getHeader('content-type');
  return typeof found === 'string' ? found : '';
}

function shownHeaders(incoming: IncomingMessage): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (!hiddenHeaders.has(name) && value !== undefined) shown[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return shown;
}
