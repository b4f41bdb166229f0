// What the browser tab shows while the person decides: it decides nothing itself, and says where to.
import type { ServerResponse } from 'node:http';
import { localPage, localPageHeaders, shown } from '../../local-page.ts';

const everySeconds = 2;

export interface WaitingPage {
  readonly agent: string;
  readonly server: string;
  readonly redirectUri: string;
  readonly promptId: string;
  /** Where the button leads; null: there is no window that could be brought up. */
  readonly showAt: string | null;
}

/** Without a script: the page loads itself again until there is an answer. */
export function sendWaitingPage(res: ServerResponse, page: WaitingPage): void {
  const html = localPage({
    title: `Allow “${page.agent}” in Tokentray?`,
    tone: 'plain',
    body: [
      `<p>An agent that calls itself <strong>${shown(page.agent, 120)}</strong> wants to use
        <strong>${shown(page.server)}</strong>. You decide that in Tokentray, not on this page.</p>`,
      `<p>The answer will go to:</p><ul><li>${shown(page.redirectUri, 300)}</li></ul>`,
      `<p>The request has the number <strong>${shown(page.promptId)}</strong>. If Tokentray shows another request beside it that
        you did not start, deny that one.</p>`,
      page.showAt === null
        ? ''
        : `<form method="post" action="${shown(page.showAt)}"><button>Show Tokentray</button></form>`,
      `<p class="soft">Without the window: <code>tokentray ui</code> opens it in a browser,
        <code>tokentray approve ${shown(page.promptId)}</code> answers in a terminal.</p>`,
    ],
  });
  res.writeHead(200, {
    ...localPageHeaders(`'self'`, 'same-origin'),
    refresh: String(everySeconds),
    'content-length': Buffer.byteLength(html),
  });
  res.end(html);
}

export function sendOverPage(res: ServerResponse, status: number, text: string): void {
  const html = localPage({
    title: 'This sign-in is over',
    tone: 'plain',
    body: [`<p>${shown(text, 400)}</p>`, '<p class="soft">Start it again from your agent.</p>'],
  });
  res.writeHead(status, { ...localPageHeaders(`'none'`, 'no-referrer'), 'content-length': Buffer.byteLength(html) });
  res.end(html);
}
