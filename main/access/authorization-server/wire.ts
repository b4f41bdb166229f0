// JSON over the wire of the local authorization server: small bodies in, never cached answers out.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TokentrayError } from '../../errors.ts';

const mostBytes = 16 * 1024;

/** @throws invalid_input when it is too large or no JSON */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    // What is too large is read to its end all the same, so that the sender reads the answer; kept it is not.
    if (size <= mostBytes) chunks.push(chunk);
    if (size > 64 * mostBytes) req.destroy();
  }
  if (size > mostBytes) throw new TokentrayError('invalid_input', `a registration is larger than ${mostBytes} bytes`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new TokentrayError('invalid_input', 'a registration is a JSON object');
  }
}

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  res.end(text);
}
