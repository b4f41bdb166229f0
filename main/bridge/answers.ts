// What an agent is told when the bridge itself has to answer: a JSON-RPC error in plain words, never a challenge.
import type { ServerResponse } from 'node:http';
import { isTokentrayError, type ErrorCode, type TokentrayError } from '../errors.ts';
import { idsOf } from './incoming.ts';
import type { Incoming } from './incoming.ts';
import { bridgeErrorCode } from './refused.ts';
import { sentences } from './sentences.ts';

/** Whom an answer is for: the ids of the requests in a POST, as far as they could be read. */
export type RequestIds =
  | { readonly kind: 'one'; readonly id: string | number }
  /** 2025-03-26 knows batches. */
  | { readonly kind: 'batch'; readonly ids: readonly (string | number)[] }
  /** A notification, a response, a GET, or a body too large to read: nobody waits for an id. */
  | { readonly kind: 'none' };

/** A failure, ready to be sent. */
export interface Failure {
  /** For transports' eyes; an answer to a readable request that only lacks authorization goes out as 200. */
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly url: string | null;
}

/** Of the requests among what was read. */
export function requestIdsOf(read: Incoming): RequestIds {
  const ids = read.kind === 'read' ? idsOf(read.messages) : [];
  const [first] = ids;
  if (read.kind !== 'read' || first === undefined) return { kind: 'none' };
  return read.batch ? { kind: 'batch', ids } : { kind: 'one', id: first };
}

/** The JSON in `bytes`, or undefined. */
export function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Explains any error for the agent of `server`. `link` makes a sign-in link; it is asked only when one helps. */
export function explain(error: unknown, server: string, link: () => string): Failure {
  if (isTokentrayError(error)) return explained(error, server, link);
  return plain(
    500,
    'internal',
    `an unexpected failure, see the log of Tokentray; the request to "${server}" was not answered`,
  );
}

function explained(error: TokentrayError, server: string, link: () => string): Failure {
  const status = statusOf(error);
  if (error.code === 'needs_sign_in') {
    const url = link();
    return {
      status,
      code: error.code,
      url,
      message: `"${server}" needs a person to sign in. Open ${url} in a browser, then send the request again.`,
    };
  }
  return plain(status, error.code, sentences(error.message, error.advice));
}

const plain = (status: number, code: ErrorCode, text: string): Failure => ({
  status,
  code,
  url: null,
  message: text,
});

/** What stands for the answer to whoever waits for one. */
export function failureMessage(failure: Failure, ids: RequestIds): unknown {
  const error = {
    code: bridgeErrorCode,
    message: `Tokentray: ${failure.message}`,
    data: { source: 'tokentray', code: failure.code, ...(failure.url === null ? {} : { url: failure.url }) },
  };
  const answer = (to: string | number | null): unknown => ({ jsonrpc: '2.0', id: to, error });
  return ids.kind === 'batch' ? ids.ids.map((one) => answer(one)) : answer(ids.kind === 'one' ? ids.id : null);
}

/** Sends a failure. A 401 would make agents look for an authorization server here: it is never used. */
export function sendFailure(res: ServerResponse, failure: Failure, ids: RequestIds): void {
  // Agents show the text of a JSON-RPC error, but only the number of an HTTP error. What the network did stays visible
  // in the number (and makes agents try again); what a person must do travels as the answer to the request.
  const status = ids.kind !== 'none' && failure.status < 500 ? 200 : failure.status;
  sendJson(res, status, failureMessage(failure, ids), failure.status === 503 ? { 'retry-after': '5' } : {});
}

export function sendJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(value);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  res.end(text);
}

function statusOf(error: TokentrayError): number {
  return statuses[error.code] ?? (timeouts.has(error.facts['cause']) ? 504 : 502);
}

// Everything else went wrong between here and the server.
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  invalid_input: 400,
  needs_sign_in: 403,
  insufficient_scope: 403,
  step_up_declined: 403,
  grant_ended: 403,
  token_refused: 403,
  authorization_denied: 403,
  agent_refused: 403,
  paused: 403,
  approval_needed: 403,
  approval_denied: 403,
  tool_refused: 403,
  tool_held: 403,
  call_declined: 403,
  account_missing: 403,
  locked: 403,
  unknown_server: 404,
  internal: 500,
  overloaded: 503,
  token_unavailable: 503,
  vault_unavailable: 503,
  vault_locked: 503,
  vault_damaged: 503,
  store_unavailable: 503,
  store_damaged: 503,
  store_full: 503,
};

// What `unreachable` says of its cause (net/failure.ts).
const timeouts: ReadonlySet<unknown> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
