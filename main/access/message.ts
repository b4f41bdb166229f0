// Reads a JSON-RPC message so that no other reader can find another meaning in it; what could have two is said to be ambiguous.
// Numbers in a call's arguments stay as they are written (exact-number.ts).
import { quote } from '../quote.ts';
import { scanJson } from './json-names.ts';
import { foldedText, isWhole } from './tool-name.ts';
import type { GuardedRequest, JsonObject } from './types.ts';

/** `bytes`: how long each message is. `because` is a phrase after "the message cannot be let through:". */
export type StrictlyRead =
  | { readonly kind: 'one'; readonly message: JsonObject; readonly bytes: number }
  /** 2025-03-26 and earlier. */
  | { readonly kind: 'batch'; readonly messages: readonly JsonObject[]; readonly bytes: readonly number[] }
  /** JSON that readers could understand differently: refused as soon as anything is not allowed. */
  | { readonly kind: 'ambiguous'; readonly because: string }
  /** No JSON, or no message. */
  | { readonly kind: 'unreadable'; readonly because: string };

const deepest = 200;
const largestBatch = 100;

/** Never throws. */
export function readStrictly(bytes: Buffer): StrictlyRead {
  const text = decode(bytes);
  if (text === null) return ambiguous('it is not valid UTF-8');
  // RFC 8259 section 8.1: a reader may ignore it, and may as well take it for an error.
  if (text.startsWith('\ufeff')) return ambiguous('it begins with a byte order mark');
  const parsed = parse(text);
  if (parsed === undefined) return unreadable('it is no JSON');
  const { value } = parsed;
  const scan = scanJson(text, value, deepest);
  if (scan.tooDeep) return ambiguous(`it is nested more than ${deepest} deep`);
  // RFC 8259 section 4: which of the two counts is every reader's own choice.
  if (scan.twice !== null) return ambiguous(`one object has two members that are called ${quote(scan.twice, 80)}`);
  for (const name of scan.names) {
    const meant = lookAlike(name, memberNames);
    if (meant !== null) return ambiguous(`the member ${quote(name, 80)} can be taken for "${meant}"`);
  }
  if (!Array.isArray(value))
    return isMessage(value) ? one(value, bytes.length) : unreadable('it is no JSON-RPC message');
  return batch(
    value as unknown[],
    scan.elements.map(([from, to]) => Buffer.byteLength(text.slice(from, to).trim())),
  );
}

function one(message: JsonObject, bytes: number): StrictlyRead {
  const because = faultOf(message);
  return because === null ? { kind: 'one', message, bytes } : ambiguous(because);
}

function batch(values: readonly unknown[], lengths: readonly number[]): StrictlyRead {
  if (values.length > largestBatch) return ambiguous(`it is a batch of more than ${largestBatch} messages`);
  const messages = values.filter(isMessage);
  if (messages.length === 0 || messages.length < values.length)
    return unreadable('it is no batch of JSON-RPC messages');
  const because = messages.map(faultOf).find((fault) => fault !== null);
  return because === undefined ? { kind: 'batch', messages, bytes: lengths } : ambiguous(because);
}

/**
 * The request or notification that a message is; null for a response. Whether it has an id is no matter here: what wants a
 * tool called wants it called either way. @param bytes of the message, as `readStrictly` gives them
 */
export function requestOf(message: JsonObject, bytes?: number): GuardedRequest | null {
  const { method, params } = message;
  if (typeof method !== 'string') return null;
  return { method, params: isMessage(params) ? params : {}, bytes: bytes ?? lengthOf(message) };
}

const ambiguous = (because: string): StrictlyRead => ({ kind: 'ambiguous', because });
const unreadable = (because: string): StrictlyRead => ({ kind: 'unreadable', because });

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

const isMessage = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function lengthOf(message: JsonObject): number {
  try {
    return Buffer.byteLength(JSON.stringify(message));
  } catch {
    // Deeper than the stack; only a message that was not read here can be.
    return 0;
  }
}

// what is read by name ------------------------------------------------------------------------------------------------

/** Go's encoding/json, for one, matches names without regard to case, the long s and the Kelvin sign (CaseInsensitive by design). */
const memberNames = namesByFolding(
  'jsonrpc id method params name uri _meta arguments',
  'progressToken io.modelcontextprotocol/protocolVersion io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/clientCapabilities',
);

/** What asks something of a server, or is answered in a way of its own. */
const methods = namesByFolding(
  'initialize server/discover ping logging/setLevel completion/complete subscriptions/listen',
  'tools/list tools/call resources/list resources/templates/list resources/read resources/subscribe resources/unsubscribe',
  'prompts/list prompts/get tasks/get tasks/list tasks/result tasks/cancel tasks/update',
);

function namesByFolding(...lists: readonly string[]): ReadonlyMap<string, string> {
  return new Map(lists.flatMap((list) => list.split(' ')).map((name) => [foldedText(name), name]));
}

/** What `name` could be taken for without being it; null: nothing. */
function lookAlike(name: string, known: ReadonlyMap<string, string>): string | null {
  // Nothing folds to a name from one that is so much longer, unless it were for that.
  const meant = name.length > 256 ? undefined : known.get(foldedText(name));
  return meant === undefined || meant === name ? null : meant;
}

function faultOf(message: JsonObject): string | null {
  const { method } = message;
  if (!Object.hasOwn(message, 'method')) return null;
  if (typeof method !== 'string') return 'its method is no text';
  if (!isWhole(method)) return 'its method is no whole text';
  const meant = lookAlike(method, methods);
  if (meant !== null) return `its method ${quote(method, 80)} can be taken for "${meant}"`;
  const params = isMessage(message['params']) ? message['params'] : {};
  // A person is asked about members and their values; whatever else it is could not be shown as it is.
  if (method === 'tools/call' && !isMessage(params['arguments'] ?? {})) return 'its arguments are no object';
  const broken = ['name', 'uri'].find((member) => {
    const value = params[member];
    return typeof value === 'string' && !isWhole(value);
  });
  return broken === undefined ? null : `its ${broken} is no whole text`;
}

// headers -------------------------------------------------------------------------------------------------------------

/** As an HTTP request has them; undefined where it has none. */
export interface MirroredHeaders {
  /** `Mcp-Method` */
  readonly method?: string | null | undefined;
  /** `Mcp-Name` */
  readonly name?: string | null | undefined;
  /** `MCP-Protocol-Version` */
  readonly version?: string | null | undefined;
}

const versionKey = 'io.modelcontextprotocol/protocolVersion';
/** The first revision whose headers repeat what is in the body. */
const mirroring = '2026-07-28';

const namedBy: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/**
 * Why headers and body are not of one request, as a sentence; null when they are (2026-07-28 streamable-http, Server
 * Validation). What is there has to agree in every revision: some servers go by the headers alone. What the revision of the
 * body demands has to be there.
 */
export function headersDisagree(headers: MirroredHeaders, message: JsonObject): string | null {
  const request = requestOf(message, 0);
  if (request === null) return null;
  const meta = isMessage(request.params['_meta']) ? request.params['_meta'] : {};
  const claimed = meta[versionKey];
  const version = headers.version ?? undefined;
  if (typeof claimed === 'string' && version !== undefined && version !== claimed) {
    return 'The header mcp-protocol-version differs from the body.';
  }
  const needed = Object.hasOwn(message, 'id') && typeof claimed === 'string' && claimed >= mirroring;
  if (needed && version === undefined) return 'The header mcp-protocol-version is missing.';
  const method = headers.method ?? undefined;
  if (method === undefined ? needed : method !== request.method) return fault('mcp-method', method);
  const member = namedBy.get(request.method);
  if (member === undefined) return null;
  const value = request.params[member];
  const name = headers.name ?? undefined;
  if (typeof value !== 'string') return name === undefined ? null : fault('mcp-name', name);
  return (name === undefined ? needed : !mirrors(name, value)) ? fault('mcp-name', name) : null;
}

const fault = (header: string, value: string | undefined): string =>
  `The header ${header} ${value === undefined ? 'is missing' : 'differs from the body'}.`;

const mirrors = (header: string, value: string): boolean => textOfHeader(header) === value;

/**
 * What a header says that repeats a text of the body (2026-07-28 streamable-http, Value Encoding); null: nothing that is
 * allowed there. A value that looks like the marked Base64 form is never plain, and only one Base64 text stands for a text.
 */
export function textOfHeader(header: string): string | null {
  if (!/^[\t\u0020-\u007e]*$/u.test(header)) return null;
  if (!header.startsWith('=?base64?') || !header.endsWith('?=')) return header;
  const marked = header.slice('=?base64?'.length, -'?='.length);
  const bytes = Buffer.from(marked, 'base64');
  return bytes.toString('base64') === marked ? decode(bytes) : null;
}
