// A server that says what a test has it say, behind guards, and agents of HTTP that send what they are given.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { withoutRules } from './access.ts';
import type { Kept } from '../support/kept.ts';
import { agentHeaders, ask, loopback, withBody, type Answer } from './fixture.ts';
import { guardedBridge, type Guarded } from './guarded.ts';
import type { Json } from './relay/raw.ts';

export type Handler = (req: IncomingMessage, res: ServerResponse, message: Json) => void;

export interface World extends Guarded {
  /** The bodies that reached the server, but for what finds out its era. */
  readonly arrived: string[];
  readonly headers: IncomingMessage['headers'][];
}

/** A server that says what it is asked to say, and takes any session. */
export async function world(kept: Kept, handle: Handler, era: 'legacy' | 'modern' = 'legacy'): Promise<World> {
  const arrived: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = kept(
    await loopback(
      withBody((req, res, body) => {
        const message = (body === '' ? {} : JSON.parse(body)) as Json;
        if (message['method'] === 'server/discover') {
          if (era === 'legacy')
            return void res.writeHead(400).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}');
          return answer(res, message, {
            resultType: 'complete',
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {} },
            ttlMs: 0,
            cacheScope: 'private',
          });
        }
        arrived.push(body);
        headers.push(req.headers);
        handle(req, res, message);
      }),
    ),
  );
  const made = kept(await guardedBridge(server.url));
  return Object.assign(made, { arrived, headers });
}

export function answer(res: ServerResponse, { id }: Json, result: Json, more: Record<string, string> = {}): void {
  res.writeHead(200, { 'content-type': 'application/json', ...more });
  res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

export const done: Handler = (_req, res, message) =>
  answer(res, message, { content: [{ type: 'text', text: 'done' }] });
export const request = (method: string, params: Json = {}, id: number | string = 1): Json => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
export const callOf = (name: string, id: number | string = 1): Json =>
  request('tools/call', { name, arguments: {} }, id);
export const tool = (name: string, more: Json = {}): Json => ({ name, inputSchema: { type: 'object' }, ...more });
export const list = { tools: [tool('seen'), tool('hidden')] };

export const post = (made: Guarded, body: unknown, more: Record<string, string> = {}): Promise<Answer> =>
  ask(made.mcp, {
    method: 'POST',
    headers: agentHeaders(made.key, more),
    body: typeof body === 'string' ? body : Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });

export const hide = (made: Guarded): string => made.access.allow(made.agent, { ...withoutRules, deny: ['hidden'] });
export const parsed = ({ text }: Answer): Json => JSON.parse(text) as Json;
