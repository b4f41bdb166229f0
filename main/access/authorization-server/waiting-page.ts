// What the browser tab shows while the person decides, and after: it decides nothing itself, says where to, and which question is the one.
import type { ServerResponse } from 'node:http';
import { answerPlace, halves } from '../../../preload/answer-place.ts';
import { localPage, localPageHeaders, shown } from '../../local-page.ts';

const everySeconds = 2;

export interface WaitingPage {
  /** By its own word, which is what the person knows it by. */
  readonly called: string;
  /** As Tokentray lists it; two that call themselves the same have different names here. */
  readonly agent: string;
  readonly server: string;
  readonly redirectUri: string;
  readonly promptId: string;
  /** Where the button leads; null: there is no window that could be brought up. */
  readonly showAt: string | null;
}

/** Without a script: the page loads itself again until there is an answer. */
export function sendWaitingPage(res: ServerResponse, page: WaitingPage): void {
  const [first, second] = halves(page.promptId);
  const { called, agent } = page;
  const listed = called === agent ? '' : ` Tokentray lists it as <strong>${shown(agent, 120)}</strong>.`;
  const html = localPage({
    title: `Allow “${called}” in Tokentray?`,
    tone: 'plain',
    body: [
      `<p><strong>${shown(called, 120)}</strong> wants to sign in and use <strong>${shown(page.server)}</strong>.${listed} You
        decide that in Tokentray, not on this page. Its question there has this code:</p>`,
      `<p class="code"><span>${shown(first)}</span><span>${shown(second)}</span></p>`,
      page.showAt === null
        ? `<p>Is no window open? <code>tokentray ui</code> opens one in the browser.</p>`
        : `<form method="post" action="${shown(page.showAt)}"><button>Show Tokentray</button></form>`,
      `<p>Your answer goes to <strong>${shown(answerPlace(page.redirectUri), 300)}</strong>. Deny it if you did not start this
        sign-in, and any other whose code is on no page that you opened.</p>`,
      `<p class="soft">Address: <code>${shown(page.redirectUri, 300)}</code><br>In a terminal:
        <code>tokentray approve ${shown(page.promptId)}</code></p>`,
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

/**
 * The way back to a program that is known by its scheme: what came of it, and a link, for browsers start another program on a
 * person's click only.
 * @param location the answer to the agent, a code or an error; it leads to where it does only as it is
 */
export function backPage(location: string): string {
  const { protocol, searchParams } = new URL(location);
  const back = `<p><a href="${attribute(location)}">Go back to ${shown(protocol.slice(0, -1), 64)}</a>, then close this tab.</p>`;
  if (searchParams.get('error') === null) return localPage({ title: 'You allowed this', tone: 'good', body: [back] });
  const why = searchParams.get('error_description') ?? 'It was refused.';
  return localPage({ title: 'Not signed in', tone: 'plain', body: [`<p>${shown(why, 400)}</p>`, back] });
}

/** All of it: an address that is cut leads nowhere. */
const attribute = (text: string): string => text.replaceAll(/[&<>"']/gu, (char) => `&#${char.charCodeAt(0)};`);
