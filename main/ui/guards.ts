// Who may speak to the browser host: a loopback name, no other origin, and a browser that holds the session's cookie.
import type { IncomingMessage } from 'node:http';
import { guardOrigin, type Refusal } from '../bridge/guards.ts';

/** Nothing may run or load that is not of this bundle; nobody may frame it; it may talk to its own origin only. */
export const contentSecurityPolicy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data:`,
  `font-src 'self'`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), clipboard-write=(self)',
  'cache-control': 'no-store',
};

/** Host, Origin and Fetch Metadata of any request. Following a link to a page is allowed; what it shows is guarded apart. */
export function guardRequest(req: IncomingMessage, port: number): Refusal | null {
  const isPage = req.method === 'GET';
  const refusal = guardOrigin(req, port, { navigation: isPage });
  return refusal === null
    ? null
    : { status: refusal.status, message: 'This address is for Tokentray’s own window only.' };
}

/**
 * A call changes something, so it must prove where it comes from: browsers put the Origin on every POST, and a page on
 * another port of this machine has another one. What sends none is no browser and has the control socket.
 */
export function guardCall(req: IncomingMessage): Refusal | null {
  if (req.method !== 'POST') return { status: 405, message: 'Calls are sent with POST.', headers: { allow: 'POST' } };
  if (req.headers.origin !== `http://${req.headers.host ?? ''}`) {
    return { status: 403, message: 'Calls come from Tokentray’s own window only.' };
  }
  return null;
}

export const cookieName = 'tokentray';

/** The session's proof; null when there is none, or two that disagree about which counts. */
export function proofOf(req: IncomingMessage): string | null {
  const values = (req.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim().split('=', 2))
    .filter(([name]) => name === cookieName)
    .map(([, value = '']) => value);
  const [proof] = values;
  return values.length === 1 && proof !== undefined && /^[A-Za-z0-9_-]{43}$/u.test(proof) ? proof : null;
}

/**
 * For this host and this path, out of scripts' reach, and never sent along when another site leads here.
 * Not `Secure`: Safari refuses that on plain http, which never leaves this machine here. No `Expires`: it ends with the browser.
 */
export const sessionCookie = (place: string, proof: string): string =>
  `${cookieName}=${proof}; Path=/ui/${place}/; HttpOnly; SameSite=Strict`;
