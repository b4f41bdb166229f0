// What a server says it wants: WWW-Authenticate, read without trusting a byte of it.
import { normaliseScopes } from './scope.ts';

/** One challenge (RFC 9110 section 11.6.1) with the parameters that OAuth knows. */
export interface Challenge {
  /** Lower case: `bearer`, `dpop`, `basic`. */
  readonly scheme: string;
  /** Every parameter by its lower-case name; the first of a repeated one. */
  readonly params: Readonly<Record<string, string>>;
  /** RFC 6750 section 3.1. */
  readonly error: string | null;
  readonly error_description: string | null;
  /** RFC 6750 section 3; null when the challenge names no scope. */
  readonly scope: readonly string[] | null;
  /** RFC 9728 section 5.1; null unless it is an http(s) address. */
  readonly resource_metadata: string | null;
}

// A header line of more than this is no challenge: Node itself takes 16 KiB of headers in all.
const mostCharacters = 16_384;
const mostChallenges = 16;
const mostParams = 64;

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const space = /[ \t]*/y;
const separators = /[ \t,]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/sy;
/** Wider than RFC 9110: addresses and scopes without their quotation marks are seen in the field. */
const bare = /[^\s,"]+/y;
/** Scopes without quotation marks: words up to a comma or to the next parameter's name. */
const bareScope = /[^\s,"=]+(?:[ \t]+[^\s,"=]{1,512}(?![^\s,"=]*[ \t]*=))*/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const untilComma = /[^,"]*(?:"(?:[^"\\]|\\.)*"?)?/sy;

/** Every challenge of the header, in its order; several header lines come joined with commas. Never throws. */
export function parseChallenges(header: string | null): Challenge[] {
  if (header === null || header.length > mostCharacters) return [];
  const scan = scanner(header);
  const found: { scheme: string; params: Map<string, string> }[] = [];
  while (scan.more()) {
    scan.skip(separators);
    const before = scan.position();
    const name = scan.take(token);
    if (name === null) {
      scan.skip(untilComma);
      if (scan.position() === before) scan.advance();
      continue;
    }
    const value = readValue(scan, name);
    const current = found.at(-1);
    if (value === null) {
      // A scheme stands alone: `files:read` is none.
      if (scan.position() === before + name.length && scan.more() && !scan.at(',')) {
        scan.skip(untilComma);
        continue;
      }
      if (found.length === mostChallenges) break;
      found.push({ scheme: name.toLowerCase(), params: new Map() });
      // `Negotiate YII…==`: no parameter follows in this challenge.
      const credentials = /[ \t]/.test(header[scan.position() - 1] ?? '') ? scan.take(token68) : null;
      if (credentials !== null && !scan.at('=')) scan.skip(separators);
    } else if (current !== undefined && current.params.size < mostParams) {
      const key = name.toLowerCase();
      if (!current.params.has(key)) current.params.set(key, value);
    }
  }
  return found.map(({ scheme, params }) => challenge(scheme, params));
}

/**
 * The challenge that OAuth answers: Bearer (RFC 6750) or DPoP (RFC 9449 section 7.1). Of several, the first of the
 * preferred scheme; what it leaves out, the others may say (a server that takes both tends to explain itself once).
 */
export function bearerChallenge(header: string | null, prefer: 'bearer' | 'dpop' = 'bearer'): Challenge | null {
  const known = parseChallenges(header).filter(({ scheme }) => scheme === 'bearer' || scheme === 'dpop');
  const chosen = known.find(({ scheme }) => scheme === prefer) ?? known[0];
  if (chosen === undefined) return null;
  const explaining = chosen.error === null ? known.find(({ error }) => error !== null) : chosen;
  return {
    ...chosen,
    error: explaining?.error ?? null,
    error_description: explaining?.error_description ?? chosen.error_description,
    scope: chosen.scope ?? first(known, (item) => item.scope),
    resource_metadata: chosen.resource_metadata ?? first(known, (item) => item.resource_metadata),
  };
}

/** The schemes of all challenges, lower case, in their order: what a server would take. */
export function challengeSchemes(header: string | null): string[] {
  return [...new Set(parseChallenges(header).map(({ scheme }) => scheme))];
}

function challenge(scheme: string, params: ReadonlyMap<string, string>): Challenge {
  const scopes = normaliseScopes(readScope(params.get('scope')));
  return {
    scheme,
    params: Object.fromEntries(params),
    error: params.get('error')?.slice(0, 200) ?? null,
    error_description: params.get('error_description')?.slice(0, 2_000) ?? null,
    scope: scopes.length === 0 ? null : scopes,
    resource_metadata: httpAddress(params.get('resource_metadata')),
  };
}

/** Some servers print their list into the parameter: `scope="[\"a\", \"b\"]"`. */
function readScope(value: string | undefined): unknown {
  if (value === undefined || !value.trimStart().startsWith('[')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value.replace(/[[\]"']/g, ' ');
  }
}

function httpAddress(value: string | undefined): string | null {
  if (value === undefined || value.length > 4_096 || !URL.canParse(value)) return null;
  const url = new URL(value);
  const safe = (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
  return safe ? url.href : null;
}

function first<T>(list: readonly Challenge[], pick: (item: Challenge) => T | null): T | null {
  for (const item of list) {
    const value = pick(item);
    if (value !== null) return value;
  }
  return null;
}

/** The value after `=`, or null when the word before was no parameter's name but a scheme. */
function readValue(scan: Scanner, name: string): string | null {
  const start = scan.position();
  scan.skip(space);
  if (!scan.at('=')) {
    scan.back(start);
    scan.skip(space);
    return null;
  }
  scan.advance();
  scan.skip(space);
  const text = scan.take(quoted, 1);
  if (text !== null) return text.replace(/\\(.)/gs, '$1');
  // A quotation mark that is never closed: nothing behind it can be told apart.
  if (scan.at('"')) {
    scan.end();
    return '';
  }
  return scan.take(/^scope$/i.test(name) ? bareScope : bare) ?? '';
}

type Scanner = ReturnType<typeof scanner>;

function scanner(text: string) {
  let at = 0;
  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  }
  return {
    more: () => at < text.length,
    position: () => at,
    at: (char: string) => text[at] === char,
    advance: () => void (at += 1),
    back: (to: number) => void (at = to),
    end: () => void (at = text.length),
    skip: (pattern: RegExp) => void match(pattern),
    take: (pattern: RegExp, group = 0) => match(pattern)?.[group] ?? null,
  };
}
