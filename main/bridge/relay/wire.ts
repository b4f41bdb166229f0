// JSON-RPC as the relay sees it: four shapes of message, the reserved `_meta` keys, and no opinion on anything else.
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/client';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { isTokentrayError } from '../../errors.ts';
import { sentences } from '../sentences.ts';
import type { JsonObject } from './types.ts';

export const meta = {
  protocolVersion: PROTOCOL_VERSION_META_KEY,
  clientInfo: CLIENT_INFO_META_KEY,
  clientCapabilities: CLIENT_CAPABILITIES_META_KEY,
  logLevel: LOG_LEVEL_META_KEY,
  serverInfo: SERVER_INFO_META_KEY,
  subscriptionId: SUBSCRIPTION_ID_META_KEY,
} as const;

/** The revision of the stateless era that the relay speaks. */
export const modernVersion = '2026-07-28';

export type Id = string | number;
export interface Call {
  readonly jsonrpc: '2.0';
  readonly id: Id;
  readonly method: string;
  readonly params?: JsonObject;
}
export interface Notice {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: JsonObject;
}
export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}
/** How a request ended: the value of `result`, or of `error`. */
export type Outcome = { readonly result: JsonObject } | { readonly error: Failure };
export type Reply = { readonly jsonrpc: '2.0'; readonly id: Id } & Outcome;
export type Message = Call | Notice | Reply;

const id = z.union([z.string().max(1024), z.number()]);
const object = z.record(z.string(), z.unknown());
const failure = z.looseObject({ code: z.number(), message: z.string(), data: z.unknown().optional() });
const message = z.union([
  z.looseObject({
    jsonrpc: z.literal('2.0'),
    id: id.optional(),
    method: z.string().max(1024),
    params: object.optional(),
  }),
  z.looseObject({ jsonrpc: z.literal('2.0'), id, result: object }),
  z.looseObject({ jsonrpc: z.literal('2.0'), id: id.nullish(), error: failure }),
]);

/** The message as it came, or null when it is none. Members that JSON-RPC does not know stay in it. */
export function readMessage(value: unknown): Message | null {
  const read = message.safeParse(value);
  return read.success ? (value as Message) : null;
}

export const isCall = (value: Message): value is Call => 'method' in value && 'id' in value;
export const isNotice = (value: Message): value is Notice => 'method' in value && !('id' in value);
export const isReply = (value: Message): value is Reply => !('method' in value);

/** A message of the relay as the SDK's transports want it typed. */
export const toSdk = (value: Message): JSONRPCMessage => value;
/** Sets the handlers of an SDK transport, which has properties for them and is no event target. */
export function hear(
  transport: Transport,
  handlers: { onmessage?: (message: Message) => void; onerror?: (error: Error) => void; onclose?: () => void },
): void {
  const { onmessage, ...others } = handlers;
  Object.assign(transport, others);
  if (onmessage !== undefined)
    Object.assign(transport, { onmessage: (raw: JSONRPCMessage) => onmessage(fromSdk(raw)) });
}

/** For a way to cancel that has nothing to cancel yet. */
export const nothing = (): void => {};

/** A message that an SDK transport has parsed. */
export const fromSdk = (value: JSONRPCMessage): Message => value as unknown as Message;

export const call = (callId: Id, method: string, params?: JsonObject): Call => ({
  jsonrpc: '2.0',
  id: callId,
  method,
  ...(params === undefined ? {} : { params }),
});
export const notice = (method: string, params?: JsonObject): Notice => ({
  jsonrpc: '2.0',
  method,
  ...(params === undefined ? {} : { params }),
});
export const reply = (replyId: Id, outcome: Outcome): Reply =>
  'result' in outcome
    ? { jsonrpc: '2.0', id: replyId, result: outcome.result }
    : { jsonrpc: '2.0', id: replyId, error: outcome.error };
export const outcomeOf = (value: Reply): Outcome =>
  'result' in value ? { result: value.result } : { error: value.error };

export const codes = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** 2025-11-25 and earlier. */
  resourceNotFound: -32002,
  /** 2025-11-25 only. */
  urlElicitationRequired: -32042,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
  /** Ours, outside of JSON-RPC's reserved range as 2026-07-28 asks (basic, Error Codes). */
  needsSignIn: 401,
} as const;

export const fail = (code: number, text: string, data?: unknown): { readonly error: Failure } => ({
  error: { code, message: text, ...(data === undefined ? {} : { data }) },
});

/** What an agent is told when something on our side of the server went wrong. */
export function failureOf(error: unknown): { readonly error: Failure } {
  if (isTokentrayError(error)) {
    return fail(codes.internal, sentences(error.message, error.advice), error.toJSON());
  }
  return fail(codes.internal, 'Tokentray could not relay this request.');
}

export const asObject = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** `params._meta` of a message. */
export const metaOf = (value: { readonly params?: JsonObject }): JsonObject => asObject(value.params?.['_meta']);

/** The message with `_meta` changed; a key set to undefined leaves, and an empty `_meta` leaves with it. */
export function withMeta<T extends Call | Notice>(value: T, change: JsonObject): T {
  const merged = Object.fromEntries(
    Object.entries({ ...metaOf(value), ...change }).filter(([, entry]) => entry !== undefined),
  );
  const { _meta, ...params } = { ...value.params };
  void _meta;
  const kept = Object.keys(merged).length === 0 ? params : { ...params, _meta: merged };
  const { params: had, ...rest } = value;
  return (had === undefined && Object.keys(kept).length === 0 ? rest : { ...rest, params: kept }) as T;
}

/** The object without these members. */
export function without(value: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
