// The UI for a browser on this machine: its files and the UI contract, for whoever came in by a one-time link, and for nobody else.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { BodyLimitPlugin, RPCHandler } from '@orpc/server/node';
import type { Refusal } from '../bridge/guards.ts';
import type { createUiRouter } from '../control/ui-router.ts';
import { TokentrayError } from '../errors.ts';
import { localPage, localPageHeaders } from '../local-page.ts';
import { listenOn, loopbackAddress } from '../net/listen-on.ts';
import type { Log } from '../ports.ts';
import { readAssets, rendererFolder, type Asset } from './assets.ts';
import { guardCall, guardRequest, proofOf, securityHeaders, sessionCookie } from './guards.ts';
import type { Sessions } from './sessions.ts';

/** One above the bridge's; fixed, so that `ssh -L` can be told it. */
export const defaultUiPort = 18_730;

export interface BrowserHostOptions {
  readonly router: ReturnType<typeof createUiRouter>;
  readonly sessions: Sessions;
  readonly log: Log;
  readonly preferredPort?: number;
  /** Where the built window is; by default beside this program. */
  readonly folder?: string;
}

export interface BrowserHost {
  readonly port: number;
  /** A link that lets one browser in, once. */
  newLink(): string;
  /** Ends every session, stream and connection. */
  close(): Promise<void>;
}

const bodyLimit = 1_048_576;
const openPath = /^\/open\/([A-Za-z0-9_-]{43})$/u;
const uiPath = /^\/ui\/([A-Za-z0-9_-]{43})\/([^?#]*)(?:\?.*)?$/u;

/** @throws port_taken, invalid_input when the window was not built */
export async function startBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  const { sessions, log } = options;
  const folder = options.folder ?? rendererFolder();
  if (folder === null) {
    throw new TokentrayError('invalid_input', 'the window was not built', {
      attempted: 'open the UI',
      advice: 'In a checkout: npm run build',
    });
  }
  // The files are read again with every browser that comes in: a checkout is built while its broker runs.
  let assets: ReadonlyMap<string, Asset> = readAssets(folder);
  const handler = new RPCHandler(options.router, { plugins: [new BodyLimitPlugin({ maxBodySize: bodyLimit })] });
  const listening = { port: 0 };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const foreign = guardRequest(req, listening.port);
    if (foreign !== null) return refuse(req, res, foreign);
    const path = req.url ?? '';
    const ticket = openPath.exec(path)?.[1];
    if (ticket !== undefined) return letIn(req, res, ticket);
    const [, place = '', rest = ''] = uiPath.exec(path) ?? [];
    const proof = proofOf(req);
    const session = place === '' || proof === null ? null : sessions.find(place, proof);
    if (session === null) return showPage(res, 401, notIn);
    if (rest === 'rpc' || rest.startsWith('rpc/')) return call(req, res, session, place);
    return serveFile(req, res, rest);
  };

  const letIn = (req: IncomingMessage, res: ServerResponse, ticket: string): void => {
    // A browser that only looks ahead has not been asked for the page yet: its look must not use the link up.
    const looksAhead = [req.headers['sec-purpose'], req.headers['purpose']].some((text) =>
      /prefetch|prerender/iu.test(String(text)),
    );
    if (req.method !== 'GET' || looksAhead)
      return refuse(req, res, { status: 405, message: 'Open this link in a browser.' });
    const opened = sessions.open(ticket, req.headers['user-agent'] ?? '');
    if (opened === null) return showPage(res, 404, over);
    assets = readAssets(folder);
    log.info('a browser was let in', { session: opened.id });
    // A page, and not a redirect: after a link on another site's page a redirect would go without the Strict cookie.
    showPage(res, 200, opening(opened.place), {
      'set-cookie': sessionCookie(opened.place, opened.proof),
      refresh: `0; url=/ui/${opened.place}/`,
    });
  };

  const call = async (req: IncomingMessage, res: ServerResponse, session: string, place: string): Promise<void> => {
    const refusal = guardCall(req);
    if (refusal !== null) return refuse(req, res, refusal);
    sessions.holds(session, res);
    for (const [name, value] of Object.entries(securityHeaders)) res.setHeader(name, value);
    const { matched } = await handler.handle(req, res, { prefix: `/ui/${place}/rpc`, context: { session } });
    if (!matched) refuse(req, res, { status: 404, message: 'There is no such call.' });
  };

  const serveFile = (req: IncomingMessage, res: ServerResponse, path: string): void => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      return refuse(req, res, { status: 405, message: 'Files are only read.', headers: { allow: 'GET, HEAD' } });
    }
    const asset = assets.get(path === '' ? 'index.html' : path);
    if (asset === undefined) return refuse(req, res, { status: 404, message: 'There is nothing at this address.' });
    res.writeHead(200, { ...securityHeaders, 'content-type': asset.type, 'content-length': asset.body.length });
    res.end(req.method === 'HEAD' ? undefined : asset.body);
  };

  const server = createServer({ maxHeaderSize: 16_384, headersTimeout: 5_000 }, (req, res) => {
    Promise.resolve(answer(req, res)).catch((cause: unknown) => {
      log.error('ui: a request failed', { cause });
      res.destroy();
    });
  });
  const preferredPort = options.preferredPort ?? defaultUiPort;
  const { port } = await listenOn(server, { preferredPort, who: 'the UI', attempted: 'open the UI' });
  listening.port = port;

  return {
    port,
    newLink: () => `http://${loopbackAddress}:${port}/open/${sessions.newTicket()}`,
    close: () =>
      new Promise((resolve) => {
        sessions.close();
        server.close(() => resolve());
        // Event streams never end by themselves.
        server.closeAllConnections();
      }),
  };
}

function refuse(req: IncomingMessage, res: ServerResponse, refusal: Refusal): void {
  res.writeHead(refusal.status, {
    ...securityHeaders,
    ...refusal.headers,
    'content-type': 'text/plain; charset=utf-8',
    connection: 'close',
  });
  res.end(refusal.message);
  req.resume();
}

interface Page {
  readonly title: string;
  readonly body: readonly string[];
}

function showPage(
  res: ServerResponse,
  status: number,
  page: Page,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, { ...localPageHeaders(`'none'`, 'no-referrer'), ...headers });
  res.end(localPage({ ...page, tone: 'plain' }));
}

const notIn: Page = {
  title: 'This window is closed',
  body: [
    '<p>Tokentray lets a browser in by a link that works once. To get one, run:</p>',
    '<ul><li>tokentray ui</li></ul>',
  ],
};

const over: Page = {
  title: 'This link is over',
  body: [
    '<p>It was used already, or is older than ten minutes, or Tokentray was started again. For a new one, run:</p>',
    '<ul><li>tokentray ui</li></ul>',
  ],
};

const opening = (place: string): Page => ({
  title: 'Opening Tokentray',
  body: [`<p class="soft">If nothing happens, <a href="/ui/${place}/">go on</a>.</p>`],
});
