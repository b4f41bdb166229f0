// The pages behind a sign-in link: plain HTML without script, readable in light and dark, every foreign word escaped.
import type { ServerResponse } from 'node:http';

/** `null` for `button` gives a page that only tells. */
export interface LinkPage {
  readonly title: string;
  readonly text: string;
  readonly button: string | null;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 32rem; padding: 2rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
button { font: inherit; padding: .6rem 1.4rem; border-radius: .5rem; border: 1px solid currentColor; cursor: pointer; }
`;

// `form-action` also governs where a form's redirect may lead, all the way to a provider's own login page, which is not
// known here: any http(s) place may follow, but no other scheme.
const policy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "form-action 'self' https: http:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Never kept, never framed, never a referrer to another origin: the address is the ticket. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': policy,
  // Not `no-referrer`: under it a browser sends `Origin: null` with the form (Fetch, "append a request Origin header").
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'x-robots-tag': 'noindex',
};

export function sendPage(res: ServerResponse, status: number, page: LinkPage): void {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(page.title)}</h1>
<p>${escapeHtml(page.text)}</p>
${page.button === null ? '' : `<form method="post"><button>${escapeHtml(page.button)}</button></form>`}
</main>
</body>
</html>
`;
  res.writeHead(status, {
    ...pageHeaders,
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
  });
  res.end(html);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/gu, (char) => entities[char] ?? '');
