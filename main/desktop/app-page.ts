// What answers at app://tokentray: the renderer's files, with a strict policy in the header, and not one file more. Pure.
import type { Asset } from '../ui/assets.ts';

export const scheme = 'app';
const host = 'tokentray';
/** The window's first page; `hash` is the renderer's route. */
export const pageUrl = (hash = ''): string => `${scheme}://${host}/index.html${hash}`;

/** Whether an address is one of the app's own pages. */
export function isOwnPage(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  // Not `origin`: it is `null` for a scheme that Node does not know.
  return url.protocol === `${scheme}:` && url.host === host;
}

/** The page runs and shows what came with the app; it loads nothing, sends nothing and is framed by nobody. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** An address is looked up among what was read and never joined to a path: there is nothing to climb out of. */
export function answer(assets: ReadonlyMap<string, Asset>, request: Pick<Request, 'url' | 'method'>): Response {
  if (!isOwnPage(request.url)) return refusal(404);
  if (request.method !== 'GET') return refusal(405);
  const { pathname } = new URL(request.url);
  const asset = assets.get(pathname === '/' ? 'index.html' : pathname.slice(1));
  if (asset === undefined) return refusal(404);
  return new Response(new Uint8Array(asset.body), { headers: { ...headers, 'content-type': asset.type } });
}

const refusal = (status: number): Response => new Response(null, { status, headers });
