// Who may speak to the bridge at all: loopback names only, no web page of another origin, and agents with a key.
import type { IncomingMessage } from 'node:http';
import { secret, type Secret } from '../secret.ts';
import type { AgentRow } from '../store/types.ts';

/** Why a request goes no further, as it is told. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const names = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * A page that made its own host name point here (DNS rebinding) sends that name as Host; any other page sends its
 * Origin, or is marked by the browser as cross-site. `navigation` allows following a link to a page without effects.
 */
export function guardOrigin(req: IncomingMessage, port: number, options: { navigation: boolean }): Refusal | null {
  const host = only(req, 'host');
  if (host === undefined || !names.some((name) => host.toLowerCase() === `${name}:${port}`)) {
    return { status: 403, message: `This is a local address: use http://127.0.0.1:${port} exactly.` };
  }
  const origins = req.headersDistinct['origin'];
  if (origins !== undefined && !(origins.length === 1 && isOwnOrigin(origins[0] ?? '', port))) {
    return { status: 403, message: 'Web pages may not use this bridge.' };
  }
  const site = req.headers['sec-fetch-site'];
  const followed =
    options.navigation && req.headers['sec-fetch-mode'] === 'navigate' && req.headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !followed) {
    return { status: 403, message: 'Web pages may not use this bridge.' };
  }
  return null;
}

const isOwnOrigin = (origin: string, port: number): boolean =>
  names.some((name) => origin === `http://${name}:${port}`);

export function guardMethod(req: IncomingMessage, allowed: readonly string[]): Refusal | null {
  if (allowed.includes(req.method ?? '')) return null;
  return { status: 405, message: 'This method is not used here.', headers: { allow: allowed.join(', ') } };
}

/**
 * The agent whose key or token the request carries; a refusal says how to get one. RFC 6750 section 3.
 * @param challenge the `WWW-Authenticate`, without or with something that was no good
 */
export function guardAgent(
  req: IncomingMessage,
  verify: (key: Secret) => AgentRow | null,
  challenge: (given: boolean) => string = () => 'Bearer realm="tokentray"',
): { readonly agent: AgentRow } | { readonly refusal: Refusal } {
  const given = only(req, 'authorization');
  const key = given === undefined ? null : /^bearer +(\S{1,512})$/iu.exec(given)?.[1];
  const agent = key === null || key === undefined ? null : verify(secret(key));
  if (agent !== null) return { agent };
  const message =
    given === undefined
      ? 'This bridge needs to know the agent: it signs in by itself, or "tokentray agent add <name>" prints a key to send as "Authorization: Bearer <key>".'
      : 'This agent key or token is not known here, is over, or was revoked. Sign in again, or run "tokentray agent add <name>" to get a new key.';
  return { refusal: { status: 401, message, headers: { 'www-authenticate': challenge(given !== undefined) } } };
}

/** A header that must not be given twice: two of them mean that somebody in between disagrees about which counts. */
function only(req: IncomingMessage, name: string): string | undefined {
  const values = req.headersDistinct[name];
  return values?.length === 1 ? values[0] : undefined;
}
