// Between node:http and the web's Request and Response, streaming both ways, for the relay.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { TokentrayError } from '../errors.ts';
import type { ReplayBody } from './forward-body.ts';
import { agentHeaders, hasBody, upstreamHeaders } from './hop-by-hop.ts';
import { relayedBytes, type Share } from './relayed-bytes.ts';

/** The request without the agent's key, cookies and connection headers; `share` pays for its body. */
export function webRequest(
  req: IncomingMessage,
  body: ReplayBody,
  url: URL,
  signal: AbortSignal,
  share: Share,
): Request {
  const headers = new Headers();
  const lines = upstreamHeaders(req.rawHeaders, {});
  for (let at = 0; at + 1 < lines.length; at += 2) headers.append(lines[at] ?? '', lines[at + 1] ?? '');
  const init = { method: req.method ?? 'GET', headers, signal };
  if (!hasBody(req.headers) || init.method === 'GET') return new Request(url, init);
  body.release();
  const source = body.open();
  const limited = source.pipe(limit(relayedBytes, share));
  source.once('error', (error) => limited.destroy(error));
  limited.once('error', () => source.destroy());
  return new Request(url, { ...init, body: Readable.toWeb(limited) as ReadableStream, duplex: 'half' } as RequestInit);
}

/** Sends the answer chunk by chunk as it comes. Rejects when either side ended early; both are closed then. */
export async function sendWebResponse(res: ServerResponse, response: Response): Promise<void> {
  res.writeHead(response.status, agentHeaders(Object.fromEntries(response.headers)));
  if (response.body === null) {
    res.end();
    return;
  }
  res.flushHeaders();
  await pipeline(Readable.fromWeb(response.body as NodeReadableStream), res);
}

function limit(most: number, share: Share): Transform {
  let seen = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > most) return done(new TokentrayError('invalid_input', `a message is larger than ${most} bytes`));
      try {
        share.take(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  stream.on('error', () => undefined);
  return stream;
}
