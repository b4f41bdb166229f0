// The page on which a sign-in ends in the browser: plain words, no scripts, nothing loaded, foreign text only as text.
import { createHash } from 'node:crypto';
import { assertNever } from '../errors.ts';
import { quote } from '../quote.ts';

export type CallbackPage =
  | {
      readonly kind: 'granted';
      readonly server: string;
      readonly issuer: string;
      readonly scopes: readonly string[];
    }
  | { readonly kind: 'failed'; readonly server: string; readonly message: string; readonly advice: string | null }
  /** Handed over, and nobody said in time what became of it. */
  | { readonly kind: 'pending' }
  /** Not an answer that anybody waits for. Says nothing of what was in it. */
  | { readonly kind: 'unexpected'; readonly because: string };

const style = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5f6b76; --paper: #fbfcfd; --line: #d9dfe5; --good: #147a3d; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceff2; --soft: #a3aeb8; --paper: #16191c; --line: #363d44; --good: #59c98a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: min(34rem, 100%); border: 1px solid var(--line); border-radius: 14px; padding: 2rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
h1.good { color: var(--good); } h1.bad { color: var(--bad); }
p { margin: .75rem 0; }
ul { display: flex; flex-wrap: wrap; gap: .4rem; margin: .75rem 0; padding: 0; list-style: none; }
li { border: 1px solid var(--line); border-radius: 6px; padding: .1rem .5rem; font: .875rem/1.5 ui-monospace, monospace; }
.soft { color: var(--soft); }
`;

/** `Content-Security-Policy` and company: the page may load nothing, run nothing, be framed by nobody and leak no address. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

/** The whole document. */
export function renderPage(page: CallbackPage): string {
  const { title, tone, body } = content(page);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Tokentray</title>
<style>${style}</style>
</head>
<body>
<main>
<h1 class="${tone}">${title}</h1>
${body.map((part) => part.trim()).join('\n')}
</main>
</body>
</html>
`;
}

interface Content {
  readonly title: string;
  readonly tone: 'good' | 'bad' | 'plain';
  readonly body: readonly string[];
}

function content(page: CallbackPage): Content {
  switch (page.kind) {
    case 'granted':
      return {
        title: `Signed in to ${shown(page.server)}`,
        tone: 'good',
        body: [...granted(page.scopes), `<p class="soft">Granted by ${shown(page.issuer)}.</p>`, canClose],
      };
    case 'failed':
      return {
        title: `Not signed in to ${shown(page.server)}`,
        tone: 'bad',
        body: [
          `<p>${shown(page.message, 600)}</p>`,
          page.advice === null ? '' : `<p>${shown(page.advice, 400)}</p>`,
          '<p class="soft">Nothing that was connected before is lost. You can close this tab.</p>',
        ],
      };
    case 'pending':
      return {
        title: 'The answer has arrived',
        tone: 'plain',
        body: ['<p>Tokentray is still finishing the sign-in. Look there for the result.</p>', canClose],
      };
    case 'unexpected':
      return {
        title: 'Nothing was changed',
        tone: 'plain',
        body: [
          `<p>${shown(page.because)}</p>`,
          '<p class="soft">If you were signing in, start again from Tokentray. You can close this tab.</p>',
        ],
      };
    default:
      return assertNever(page);
  }
}

const canClose = '<p>You can close this tab.</p>';

function granted(scopes: readonly string[]): string[] {
  if (scopes.length === 0) {
    return ['<p>Tokentray may now use it for you, with the access that the server gives by default.</p>'];
  }
  const items = scopes.slice(0, 40).map((scope) => `<li>${shown(scope, 120)}</li>`);
  const more = scopes.length > 40 ? [`<p>and ${scopes.length - 40} more.</p>`] : [];
  return ['<p>Tokentray may now use it for you, with this access:</p>', `<ul>${items.join('')}</ul>`, ...more];
}

/** Foreign text: cut, invisible and direction-changing characters spelled out, then escaped for HTML. */
function shown(text: string, limit = 200): string {
  const visible = quote(text, limit).slice(1, -1).replaceAll('\\"', '"');
  return visible.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
