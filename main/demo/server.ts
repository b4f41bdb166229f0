// The demo's one port on this machine: a protected MCP server and its own authorization server, in the broker's process.
import { createServer } from 'node:http';
import { guardOrigin } from '../bridge/guards.ts';
import { listenOn, loopbackAddress } from '../net/listen-on.ts';
import type { Clock, Log } from '../ports.ts';
import { createDemoAuthorization } from './authorization.ts';
import { createDemoGrants } from './grants.ts';
import { createDemoNotes } from './notes.ts';
import { sendText } from './wire.ts';

export interface DemoServer {
  readonly port: number;
  /** The MCP endpoint. */
  readonly url: string;
  close(): Promise<void>;
}

/** On `preferredPort`, else on a free one. @throws port_taken */
export async function startDemoServer(parts: { preferredPort: number; clock: Clock; log: Log }): Promise<DemoServer> {
  const { clock, log } = parts;
  const server = createServer({ maxHeaderSize: 16_384, headersTimeout: 5_000 });
  const { port } = await listenOn(server, {
    preferredPort: parts.preferredPort,
    who: 'the demo',
    attempted: 'start the demo',
  });
  const issuer = `http://${loopbackAddress}:${port}`;
  const resource = `${issuer}/mcp`;
  const grants = createDemoGrants(clock);
  const authorization = createDemoAuthorization(issuer, resource, grants);
  const notes = createDemoNotes(issuer, resource, grants);

  server.on('request', (req, res) => {
    const answer = async (): Promise<void> => {
      const url = URL.parse(req.url ?? '', issuer);
      // A provider's page is reached by navigation from anywhere; everything else comes from programs, not from web pages.
      const refusal = guardOrigin(req, port, { navigation: req.method === 'GET' && url?.pathname === '/authorize' });
      if (refusal !== null) return sendText(res, refusal.status, refusal.message);
      if (url !== null && ((await authorization.handle(req, res, url)) || (await notes.handle(req, res, url)))) return;
      sendText(res, 404, 'There is nothing at this address of Tokentray’s demo.');
    };
    answer().catch((cause: unknown) => {
      log.debug('demo: a request failed', { cause });
      if (res.headersSent) res.destroy();
      else sendText(res, 400, 'The demo could not read this request.');
      req.destroy();
    });
  });

  return {
    port,
    url: resource,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await notes.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
