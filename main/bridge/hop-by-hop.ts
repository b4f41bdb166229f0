// Which headers cross the bridge: everything but connections' own, credentials, and what speaks about another origin.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

// RFC 9110 section 7.6.1, and the names that predate it.
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// What the agent says to the bridge and not to the server: its key, cookies of other loopback pages, where it runs.
const agentOnly = new Set([
  'host',
  'authorization',
  'dpop',
  'cookie',
  'cookie2',
  'origin',
  'referer',
  'forwarded',
  'via',
  'x-real-ip',
  // Answered by this listener (RFC 9110 section 10.1.1); the dispatcher does not send it.
  'expect',
]);
const agentOnlyPrefixes = ['sec-', 'x-forwarded-', 'access-control-'];

// What the server says to the bridge, or about its own origin: an agent that believed it would apply it to ours.
const serverOnly = new Set([
  'www-authenticate',
  'authentication-info',
  'proxy-authentication-info',
  'dpop-nonce',
  'set-cookie',
  'set-cookie2',
  'alt-svc',
  'strict-transport-security',
  'public-key-pins',
  'clear-site-data',
  'nel',
  'report-to',
  'reporting-endpoints',
  'refresh',
  'expect-ct',
]);
const serverOnlyPrefixes = ['access-control-'];

/** An agent's header lines as they go upstream, flat name-value pairs; `add` replaces lines of the same name. */
export function upstreamHeaders(rawHeaders: readonly string[], add: Readonly<Record<string, string>>): string[] {
  const added = new Set(Object.keys(add).map((name) => name.toLowerCase()));
  const lines = pairs(rawHeaders);
  const named = connectionNames(lines.filter(([name]) => name === 'connection').map(([, value]) => value));
  const kept = lines.filter(
    ([name]) =>
      !hopByHop.has(name) &&
      !named.has(name) &&
      !agentOnly.has(name) &&
      !agentOnlyPrefixes.some((prefix) => name.startsWith(prefix)) &&
      !added.has(name),
  );
  return [...kept.flat(), ...Object.entries(add).flat()];
}

/** A server's headers as they reach the agent. */
export function agentHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const connection = headers.connection;
  const named = connectionNames(connection === undefined ? [] : [connection].flat());
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name) || serverOnly.has(name)) continue;
    if (serverOnlyPrefixes.some((prefix) => name.startsWith(prefix))) continue;
    kept[name] = value;
  }
  return kept;
}

/** Whether a request of these headers carries a body (RFC 9112 section 6.3). */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function pairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const lines: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    lines.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? '']);
  }
  return lines;
}

// The body's framing is never dropped on a sender's word: a request with another length than announced is smuggling.
const connectionNames = (values: readonly string[]): ReadonlySet<string> =>
  new Set(
    values
      .flatMap((value) => value.split(','))
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '' && name !== 'content-length'),
  );
