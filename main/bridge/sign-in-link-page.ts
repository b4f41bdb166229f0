// The pages behind a sign-in link: a question with one button, or a word on what became of it.
import type { ServerResponse } from 'node:http';
import { localPage, localPageHeaders, shown } from '../local-page.ts';

/** `null` for `button` gives a page that only tells. */
export interface LinkPage {
  readonly title: string;
  readonly text: string;
  readonly button: string | null;
}

/**
 * `form-action` also governs where a form's redirect may lead, all the way to a provider's own login page, which is not
 * known here: any http(s) place may follow, but no other scheme. And not `no-referrer`: under it a browser sends
 * `Origin: null` with the form (Fetch, "append a request Origin header").
 */
export const pageHeaders = localPageHeaders("'self' https: http:", 'same-origin');

export function sendPage(res: ServerResponse, status: number, page: LinkPage): void {
  const html = localPage({
    title: page.title,
    tone: 'plain',
    body: [
      `<p>${shown(page.text, 600)}</p>`,
      page.button === null ? '' : `<form method="post"><button>${shown(page.button)}</button></form>`,
    ],
  });
  res.writeHead(status, { ...pageHeaders, 'content-length': Buffer.byteLength(html) });
  res.end(html);
}
