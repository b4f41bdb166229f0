// The demo's requests and answers: small bodies, read with a limit, and JSON.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from '../bridge/answers.ts';
import { TokentrayError } from '../errors.ts';

export { sendJson } from '../bridge/answers.ts';

const mostBytes = 262_144;

export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) throw new TokentrayError('invalid_input', 'the demo reads small requests only');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const readJson = async (req: IncomingMessage): Promise<unknown> => json(await readBody(req));

export const readForm = async (req: IncomingMessage): Promise<URLSearchParams> =>
  new URLSearchParams((await readBody(req)).toString('utf8'));

export function sendText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  res.end(text);
}
