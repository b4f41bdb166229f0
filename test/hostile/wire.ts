// Bytes at the bridge as no client library would send them, and what came back.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { ask, type Answer } from '../ui/window.ts';

export const portOf = (bridge: string): number => Number(new URL(bridge).port);

/** Sends the bytes as they are, and gives everything that comes until the other side is done. */
export function send(bridge: string, bytes: string | Buffer, { halfClose = true } = {}): Promise<string> {
  const socket = connect({ port: portOf(bridge), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  if (halfClose) socket.end(bytes);
  else socket.write(bytes);
  return text(socket).catch(() => '');
}

export const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gmu)].map(([, status]) => Number(status));

export interface Post {
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

/** One JSON-RPC message (or its bytes) over HTTP, as an agent sends it. */
export function post(bridge: string, server: string, { key, headers = {}, body }: Post): Promise<Answer> {
  const bytes = typeof body === 'string' ? body : JSON.stringify(body);
  return ask(portOf(bridge), `/mcp/${server}`, {
    method: 'POST',
    headers: {
      host: new URL(bridge).host,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': String(Buffer.byteLength(bytes)),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: bytes,
  });
}

export const stamp = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'hostile', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A call of the stateless era, with the headers that it has to have. */
export const modernCall = (tool: string, id: unknown = 1) => ({
  body: { jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: {}, _meta: stamp } },
  headers: {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/u.test(tool)
      ? tool
      : `=?base64?${Buffer.from(tool, 'utf8').toString('base64')}?=`,
  },
});
