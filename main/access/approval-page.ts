// The page behind a prompt's link: it names who asks for what and where to answer, decides nothing, and needs no secret.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Prompt } from '../../preload/contract-access.ts';
import { localPage, localPageHeaders, shown } from '../local-page.ts';
import type { LocalPage } from '../local-page.ts';
import type { Clock, Log } from '../ports.ts';
import type { Answered, Prompts } from './prompts.ts';

export interface ApprovalPages {
  linkFor(promptId: string): string;
  /** Answers requests below `/approve/`; false for any other address. Origin and Host were checked before. */
  handle(req: IncomingMessage, res: ServerResponse): boolean;
}

export interface ApprovalPageParts {
  readonly prompts: Pick<Prompts, 'get'>;
  /** Of the bridge, without a slash at the end. */
  readonly baseUrl: () => string;
  /** Brings the app's own window up, at the question; null where there is none. */
  readonly showWindow: ((prompt: string) => void | Promise<void>) | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** A window that jumps up again and again is a nuisance that any web page's visitor could be made to cause. */
const windowEveryMs = 5_000;
const path = /^\/approve\/([a-z0-9]{10})$/u;
/** The button posts to where it is, and no other page learns of this address. */
const headers = localPageHeaders("'self'", 'same-origin');

export function createApprovalPages({ prompts, baseUrl, showWindow, clock, log }: ApprovalPageParts): ApprovalPages {
  let shownAt = Number.NEGATIVE_INFINITY;

  const raise = async (prompt: string): Promise<void> => {
    if (showWindow === null || clock.now() - shownAt < windowEveryMs) return;
    shownAt = clock.now();
    await showWindow(prompt);
  };

  return {
    linkFor: (id) => `${baseUrl()}/approve/${id}`,

    handle(req, res) {
      const url = req.url ?? '';
      if (!url.startsWith('/approve/')) return false;
      const id = path.exec(url)?.[1];
      const found = id === undefined ? null : prompts.get(id);
      if (req.method !== 'GET' && req.method !== 'POST') {
        res.writeHead(405, { ...headers, allow: 'GET, POST' });
        res.end();
      } else if (found === null) {
        send(res, 404, over);
      } else if (found.kind !== 'open') {
        send(res, 200, answered(found));
      } else if (req.method === 'POST' && showWindow !== null) {
        raise(found.prompt.id).catch((cause: unknown) => log.warn('the window could not be brought up', { cause }));
        send(res, 200, question(found.prompt, 'Tokentray’s window is open: answer there.', false));
      } else {
        send(res, 200, question(found.prompt, null, showWindow !== null));
      }
      return true;
    },
  };
}

function send(res: ServerResponse, status: number, page: LocalPage): void {
  const html = localPage(page);
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(html) });
  res.end(html);
}

const over: LocalPage = {
  title: 'This question is over',
  tone: 'plain',
  body: ['<p>It was answered, or is older than 15 minutes. Your agent asks again when it needs to.</p>'],
};

const whatOf = (prompt: Prompt): string =>
  prompt.kind === 'use'
    ? `The agent <b>${shown(prompt.agent.name)}</b> wants to use <b>${shown(prompt.server)}</b>.`
    : `The agent <b>${shown(prompt.agent.name)}</b> wants to call <b>${shown(prompt.tool)}</b> on <b>${shown(prompt.server)}</b>.`;

function question(prompt: Prompt, done: string | null, offersWindow: boolean): LocalPage {
  const command = `tokentray approve ${prompt.id}`;
  return {
    title: 'An agent waits for your answer',
    tone: 'plain',
    body: [
      `<p>${whatOf(prompt)}</p>`,
      done === null ? '<p>Nothing can be decided on this page. Answer in Tokentray:</p>' : `<p>${shown(done)}</p>`,
      offersWindow ? '<form method="post"><button>Open Tokentray</button></form>' : '',
      `<p class="soft">Without a window: <code>tokentray ui</code>, or in a terminal <code>${shown(command)}</code></p>`,
    ],
  };
}

function answered({ kind, at, prompt }: Answered): LocalPage {
  const time = `<time>${shown(new Date(at).toISOString())}</time>`;
  const words = {
    allowed: `You allowed it at ${time}. You can close this tab and go back to your agent.`,
    denied: `You denied it at ${time}. You can close this tab.`,
    over: `Nobody answered until ${time}. Your agent asks again when it needs to.`,
  };
  const titles = { allowed: 'You allowed this', denied: 'You denied this', over: 'This question is over' };
  const tones = { allowed: 'good', denied: 'plain', over: 'plain' } as const;
  return { title: titles[kind], tone: tones[kind], body: [`<p>${whatOf(prompt)}</p>`, `<p>${words[kind]}</p>`] };
}
