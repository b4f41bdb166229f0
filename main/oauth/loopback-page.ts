// The page on which a sign-in ends in the browser: what was granted, or why not, in plain words.
import { assertNever } from '../errors.ts';
import { localPage, localPageHeaders, shown } from '../local-page.ts';
import type { LocalPage } from '../local-page.ts';

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

/** No form, and no address to anybody: it carries the code. */
export const pageHeaders = localPageHeaders("'none'", 'no-referrer');

/** The whole document. */
export function renderPage(page: CallbackPage): string {
  return localPage(content(page));
}

function content(page: CallbackPage): LocalPage {
  switch (page.kind) {
    case 'granted':
      return {
        title: `Signed in to ${page.server}`,
        tone: 'good',
        body: [...granted(page.scopes), `<p class="soft">Granted by ${shown(page.issuer)}.</p>`, canClose],
      };
    case 'failed':
      return {
        title: `Not signed in to ${page.server}`,
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
