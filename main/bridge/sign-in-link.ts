// One-time local links that let a person start a sign-in: nothing happens until they press the button on the page.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isTokentrayError } from '../errors.ts';
import type { Grants, SignIn } from '../grants/types.ts';
import type { Clock, Log } from '../ports.ts';
import { pageHeaders, sendPage } from './sign-in-link-page.ts';

export interface SignInLinks {
  /** A fresh link for one server, and its default account where none is named. It works for 15 minutes and until a sign-in was started with it. */
  linkFor(server: string, account?: string): string;
  /** Answers requests below `/sign-in/`; false for any other address. Origin and Host were checked before. */
  handle(req: IncomingMessage, res: ServerResponse): boolean;
}

interface Ticket {
  readonly server: string;
  readonly account: string | undefined;
  readonly expiresAt: number;
  /** Set while a press of the button is being answered: a double click is one start. */
  starting: Promise<SignIn> | null;
}

const lifetimeMs = 15 * 60_000;
/** An agent that fails in a loop asks for many links; the oldest make room. */
const mostTickets = 500;
const path = /^\/sign-in\/([A-Za-z0-9_-]{43})$/u;

export function createSignInLinks(parts: {
  grants: Pick<Grants, 'signIn'>;
  baseUrl: string;
  clock: Clock;
  log: Log;
}): SignInLinks {
  const { grants, clock, log } = parts;
  // By hash, so that finding one takes no time that depends on a guess.
  const tickets = new Map<string, Ticket>();

  const find = (ticket: string): Ticket | null => {
    const found = tickets.get(hashOf(ticket));
    return found === undefined || clock.now() >= found.expiresAt ? null : found;
  };

  const start = async (ticket: string, found: Ticket, res: ServerResponse): Promise<void> => {
    const account = found.account === undefined ? {} : { account: found.account };
    found.starting ??= grants.signIn(found.server, { openBrowser: false, joinAny: true, ...account });
    try {
      const signIn = await found.starting;
      tickets.delete(hashOf(ticket));
      // How it ends is the grant's to tell; here it must only not end the process.
      const outcome = signIn.done.then(
        () => true,
        (error: unknown) => {
          log.info('a sign-in started from a link did not succeed', { server: found.server, error });
          return false;
        },
      );
      if (signIn.url === null) {
        const done = await outcome;
        sendPage(res, done ? 200 : 502, done ? signedIn(found.server) : failed(found.server));
        return;
      }
      const target = new URL(signIn.url);
      if (target.protocol !== 'https:' && target.protocol !== 'http:') throw new TypeError('not a web address');
      res.writeHead(303, { ...pageHeaders, location: target.href });
      res.end();
    } catch (error) {
      found.starting = null;
      log.warn('a sign-in could not be started', { server: found.server, error });
      sendPage(res, 502, notStarted(found.server, error));
    }
  };

  return {
    linkFor(server, account) {
      for (const [hash, ticket] of tickets) {
        if (clock.now() >= ticket.expiresAt || tickets.size >= mostTickets) tickets.delete(hash);
      }
      const ticket = randomBytes(32).toString('base64url');
      tickets.set(hashOf(ticket), { server, account, expiresAt: clock.now() + lifetimeMs, starting: null });
      return new URL(`/sign-in/${ticket}`, parts.baseUrl).href;
    },

    handle(req, res) {
      const url = req.url ?? '';
      if (!url.startsWith('/sign-in/')) return false;
      const ticket = path.exec(url)?.[1];
      const found = ticket === undefined ? null : find(ticket);
      if (ticket === undefined || found === null) {
        sendPage(res, 404, over);
      } else if (req.method === 'GET') {
        // Mail programs and chats fetch links to preview them: reading the page must start nothing.
        sendPage(res, 200, question(found.server));
      } else if (req.method === 'POST') {
        void start(ticket, found, res);
      } else {
        res.writeHead(405, { ...pageHeaders, allow: 'GET, POST' });
        res.end();
      }
      return true;
    },
  };
}

const hashOf = (ticket: string): string => createHash('sha256').update(ticket, 'utf8').digest('hex');

const over = {
  title: 'This link is over',
  text: 'It was used already, or is older than 15 minutes. Ask your agent again, or run: tokentray connect <server>',
  button: null,
};

const question = (server: string) => ({
  title: `Sign in to ${server}?`,
  text: `An agent on this machine needs access to “${server}”. The next page is the provider's own; Tokentray never sees your password.`,
  button: 'Sign in',
});

const signedIn = (server: string) => ({
  title: `Signed in to ${server}`,
  text: 'You can close this tab and go back to your agent.',
  button: null,
});

const failed = (server: string) => ({
  title: `Not signed in to ${server}`,
  text: `To see what is wrong, run: tokentray show ${server}`,
  button: null,
});

const notStarted = (server: string, error: unknown) => ({
  title: `The sign-in to ${server} could not be started`,
  text: isTokentrayError(error)
    ? [error.message, error.advice ?? ''].join('. ')
    : 'An unexpected failure; the log of Tokentray has the details.',
  button: 'Try again',
});
