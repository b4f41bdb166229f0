// The pages that Tokentray itself shows in a browser: one look, plain words, no scripts, nothing loaded, foreign text only as text.
import { createHash } from 'node:crypto';
import { quote } from './quote.ts';

const style = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5f6b76; --paper: #fbfcfd; --line: #d9dfe5; --good: #147a3d; --bad: #b3261e; --act: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceff2; --soft: #a3aeb8; --paper: #16191c; --line: #363d44; --good: #59c98a; --bad: #ff8a80; --act: #2f6fd0; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: min(34rem, 100%); border: 1px solid var(--line); border-radius: 14px; padding: 2rem; overflow-wrap: anywhere; }
main > :last-child { margin-bottom: 0; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
h1.good { color: var(--good); } h1.bad { color: var(--bad); }
p { margin: .75rem 0; }
ul { display: flex; flex-wrap: wrap; gap: .4rem; margin: .75rem 0; padding: 0; list-style: none; }
li { border: 1px solid var(--line); border-radius: 6px; padding: .1rem .5rem; font: .875rem/1.5 ui-monospace, monospace; }
form { margin: 1.25rem 0 0; }
button { border: 0; border-radius: 8px; padding: .6rem 1.4rem; background: var(--act); color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
.soft { color: var(--soft); }
.code { display: flex; justify-content: center; gap: .9ch; margin: 1rem 0; border: 1px solid var(--line); border-radius: 8px; padding: .6rem; font: 600 1.6rem/1.3 ui-monospace, monospace; letter-spacing: .06em; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

export interface LocalPage {
  readonly title: string;
  readonly tone: 'good' | 'bad' | 'plain';
  /** Markup: every foreign word in it went through `shown`. */
  readonly body: readonly string[];
}

/** The whole document. `title` is escaped here. */
export function localPage({ title, tone, body }: LocalPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${shown(title)} · Tokentray</title>
<style>${style}</style>
</head>
<body>
<main>
<h1 class="${tone}">${shown(title)}</h1>
${body.map((part) => part.trim()).join('\n')}
</main>
</body>
</html>
`;
}

/**
 * The page may load nothing, run nothing, be framed by nobody and be kept nowhere.
 * @param formAction where its form may lead, redirects included (CSP `form-action`)
 * @param referrer what other pages learn of its address
 */
export function localPageHeaders(
  formAction: string,
  referrer: 'no-referrer' | 'same-origin',
): Readonly<Record<string, string>> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
    'referrer-policy': referrer,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
    'cross-origin-opener-policy': 'same-origin',
  };
}

/** Foreign text: cut, invisible and direction-changing characters spelled out, then escaped for HTML. */
export function shown(text: string, limit = 200): string {
  const visible = quote(text, limit).slice(1, -1).replaceAll('\\"', '"');
  return visible.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
