// A scheme of the app's own, in a Chromium that knows none: each of its hosts becomes an https origin that only the stand-in serves.
const suffix = 'stand-in.test';

/** `app://tokentray/x` → `https://tokentray.app.stand-in.test/x`; other addresses stay as they are. */
export function toPage(url: string, schemes: readonly string[]): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/u.exec(url);
  const [, scheme = '', host = '', rest = ''] = match ?? [];
  return schemes.includes(scheme) ? `https://${host}.${scheme}.${suffix}${rest}` : url;
}

/** And back. */
export function fromPage(url: string): string {
  const match = /^https:\/\/([^/?#]+)\.([a-z][a-z0-9+-]*)\.stand-in\.test(?=[/?#]|$)(.*)$/u.exec(url);
  const [, host = '', scheme = '', rest = ''] = match ?? [];
  return match === null ? url : `${scheme}://${host}${rest}`;
}

export const isServed = (url: string): boolean => fromPage(url) !== url;
