// Makes values fit to be logged: secrets never print, whatever shape they come in, and foreign text stays on its line.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { Secret } from '../secret.ts';

const printed = '[secret]';
/** Longer texts are cut before anything is looked for in them. */
const mostText = 16_384;

// Parameters and members of OAuth's messages whose values are credentials (RFC 6749, 7009, 7521, 7591, 7636, 8693, 9449).
const words = [
  'access_token',
  'actor_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'device_code',
  'dpop',
  'id_token',
  'password',
  'private_key',
  'proxy_authorization',
  'refresh_token',
  'registration_access_token',
  'set_cookie',
  'state',
  'subject_token',
  'token',
] as const;

// As a field of ours `state` is a grant's state; only in a query is it OAuth's.
const tokenNames: ReadonlySet<string> = new Set(
  [...words.filter((word) => word !== 'state'), 'agent_key', 'api_key', 'passphrase', 'secret'].map(folded),
);

/** `client_secret`, `clientSecret` and `Client-Secret` are one name. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** Whether a field of that name may hold a credential, so that its value is never printed. */
function isTokenName(name: string): boolean {
  return tokenNames.has(folded(name));
}

const raw = String.raw;
const anyOf = (some: readonly string[]): string => some.map((word) => word.replace(/_/g, '[_-]?')).join('|');
const names = anyOf(words);
/** Those that mean nothing else, so that what follows their colon is no prose. */
const plainNames = anyOf(words.filter((word) => /_|password|assertion/.test(word)));

// Words that follow a scheme where people write; any other word there may be a token, be it all letters.
const prose =
  /^(?:authenticat(?:e|ed|ion|or)|authori[sz](?:e|ed|ation)|challenges?|credentials?|expected|presented|requests?|required?|requires|responses?|supported|[a-z]{1,7})[.,:;]?$/i;
// `basic` is an ordinary adjective, and base64 is never all of one case.
const oneCase = /^[A-Z]?[a-z]+[.,:;]?$/;
const afterScheme = (all: string, scheme: string, word: string): string =>
  prose.test(word) || (/^basic$/i.test(scheme) && oneCase.test(word)) ? all : `${scheme} ${printed}`;
/** Parameters of a challenge, which is no secret (RFC 6750 section 3, RFC 9728 section 5.1, RFC 9449 section 7.1). */
const challenge = 'realm|scope|error|error_description|error_uri|resource_metadata|charset|algs';
const credentials = new RegExp(
  raw`\b(Bearer|Basic|DPoP)\s+(?!(?:${challenge})\s*=\s*[\w"'\\])([A-Za-z0-9._~+/-]+=*)`,
  'gi',
);

type Rule = (text: string) => string;
function cut(pattern: string): Rule {
  const compiled = new RegExp(pattern, 'gi');
  return (text) => text.replace(compiled, `$1${printed}`);
}

/** In this order. */
const inText: readonly Rule[] = [
  // a whole Authorization header
  cut(raw`(authorization\\?["']?\s*[:=]\s*\\?["']?(?:Bearer|Basic|DPoP|Token)\s+)[^\s"',;\\]+`),
  // `code=…` of a query or form, and in quotes of either kind
  cut(raw`((?:^|[?&#;\s"'({,])(?:${names})=)(?!\\?["']|(?:Bearer|Basic|DPoP|Token)\s)[^&#\s"']+`),
  cut(raw`((?:^|[?&#;\s"'({,])(?:${names})=(\\?["']))(?:(?!\2).)+`),
  // `"code":"…"` of JSON, and `code: '…'` as programs print their objects
  cut(raw`(\\?"(?:${names})\\?"\s*:\s*\\?")(?:[^"\\]|\\[^"])*`),
  cut(raw`(\b(?:${plainNames})["']?\s*:\s*(["']))(?:(?!\2).)+`),
  // credentials after their scheme
  (text) => text.replace(credentials, afterScheme),
  // JWTs anywhere
  (text) => text.replace(/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g, printed),
];

/** Text without the credentials that it may carry: a callback URL, a header, a piece of JSON. */
export function redactText(text: string): string {
  const short = text.length > mostText ? `${text.slice(0, mostText)}…` : text;
  return inText.reduce((clean, rule) => rule(clean), short);
}

/** One field as it goes on the line: `name=value`. */
export function printField(name: string, value: unknown): string {
  return `${name}=${isTokenName(name) && typeof value !== 'boolean' && value !== null ? redacted(value) : printValue(value)}`;
}

// Numbers under such a name are answers about a token (a status `code`), not one.
function redacted(value: unknown): string {
  return typeof value === 'number' ? String(value) : printed;
}

/** Nothing in a plain word needs quoting. */
const plain = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,200}$/;

function printValue(value: unknown): string {
  if (typeof value === 'string') return printText(value);
  if (value instanceof Secret) return printed;
  const shown = shape(value, 0);
  return typeof shown === 'string' ? printText(shown) : quoteJson(shown);
}

function printText(text: string): string {
  const clean = redactText(text);
  return plain.test(clean) || clean === printed ? clean : quote(clean, 2_000);
}

// JSON is a line of its own already; only what is invisible in it needs an escape, which `quote` does for its strings.
function quoteJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(quoteJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, item]) => `${quote(name, 100)}:${quoteJson(item)}`);
    return `{${members.join(',')}}`;
  }
  return typeof value === 'string' ? quote(value, 500) : String(value);
}

/** A value of strings, numbers, lists and plain objects, at most four deep and fifty wide, with no credential left. */
function shape(value: unknown, depth: number): unknown {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return value ?? null;
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Secret) return printed;
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof Error) return shapeError(value, depth);
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depth >= 4) return '[…]';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return '[bytes]';
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => shape(item, depth + 1));
  const entries: Iterable<readonly [unknown, unknown]> =
    value instanceof Map || value instanceof Headers || value instanceof URLSearchParams
      ? value
      : Object.entries(value);
  const members: Record<string, unknown> = {};
  let count = 0;
  for (const [key, item] of entries) {
    if (++count > 50) break;
    const name = String(key);
    const hide = isTokenName(name) && item !== null && typeof item !== 'boolean' && typeof item !== 'number';
    Object.defineProperty(members, name, {
      value: hide ? printed : shape(item, depth + 1),
      enumerable: true,
      configurable: true,
    });
  }
  return members;
}

// No stack and no cause's message: a library's error may quote what it was given. A cause's code says enough.
function shapeError(error: Error, depth: number): unknown {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  const { cause } = error;
  const causeCode = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  return {
    error: code ?? error.name,
    message: redactText(error.message),
    ...(error instanceof TokentrayError && Object.keys(error.facts).length > 0
      ? { facts: shape(error.facts, depth + 1) }
      : {}),
    ...(causeCode === null ? {} : { cause: causeCode }),
  };
}
