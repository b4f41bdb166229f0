// Between node:http and the web's Request and Response, for the relay; answers stream.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { agentHeaders, upstreamHeaders } from './hop-by-hop.ts';

/** The request without the agent's key, cookies and connection headers, and without its body, which was read already. */
export function webRequest(req: IncomingMessage, url: URL, signal: AbortSignal): Request {
  const headers = new Headers();
  const lines = upstreamHeaders(req.rawHeaders, {});
  for (let at = 0; at + 1 < lines.length; at += 2) headers.append(lines[at] ?? '', lines[at + 1] ?? '');
  return new Request(url, { method: req.method ?? 'GET', headers, signal });
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
