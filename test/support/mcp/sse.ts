// The transport of 2024-11-05, server side: one event stream out, one address for messages in.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { parseJSONRPCMessage, type AuthInfo, type JSONRPCMessage, type Transport } from '@modelcontextprotocol/server';

export interface SseTransport extends Transport {
  readonly id: string;
  readonly receive: (body: unknown, authInfo: AuthInfo | undefined) => void;
}

/** @param messages the path that messages are posted to; the session goes into its query. */
export function createSseTransport(response: ServerResponse, messages: string): SseTransport {
  const id = randomUUID();
  let closed = false;

  const transport: SseTransport = {
    id,
    sessionId: id,
    start: async () => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write(`event: endpoint\ndata: ${messages}?sessionId=${id}\n\n`);
      response.once('close', () => void transport.close());
    },
    send: async (message: JSONRPCMessage) => {
      if (!closed) response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      response.end();
      transport.onclose?.();
    },
    receive: (body, authInfo) => {
      transport.onmessage?.(parseJSONRPCMessage(body), authInfo === undefined ? {} : { authInfo });
    },
  };
  return transport;
}
