// The official SDK client as an agent of either era, on either kind of connection to the bridge, with its ears open.
import type { Duplex } from 'node:stream';
import { Client, ReadBuffer, serializeMessage } from '@modelcontextprotocol/client';
import type { ClientCapabilities, JSONRPCMessage, Transport } from '@modelcontextprotocol/client';

export type Era = 'old' | 'new';

/** The agent's end of a stdio connection: lines of JSON over any stream. */
export function lineTransport(stream: Duplex): Transport {
  const buffer = new ReadBuffer({ maxBufferSize: 128 * 1024 * 1024 });
  const transport: Transport = {
    start: async () => {
      stream.on('data', (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
          transport.onmessage?.(message);
        }
      });
      stream.on('close', () => transport.onclose?.());
      stream.on('error', (error) => transport.onerror?.(error));
    },
    send: async (message: JSONRPCMessage) => void stream.write(serializeMessage(message)),
    close: async () => void stream.destroy(),
  };
  return transport;
}

export interface Heard {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Agent {
  readonly client: Client;
  readonly era: Era;
  /** Notifications in the order in which they came. */
  readonly heard: Heard[];
  /** Requests of the server, as the agent's handlers saw them. */
  readonly asked: Heard[];
  /** Resolves with the first notification from now or before that fits. */
  hears(fits: (notification: Heard) => boolean, timeoutMs?: number): Promise<Heard>;
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly capabilities?: ClientCapabilities;
  /** What the agent answers when it is shown a link. */
  readonly onLink?: (url: string) => 'accept' | 'decline' | Promise<'accept' | 'decline'>;
}

export const allCapabilities: ClientCapabilities = {
  elicitation: { form: {}, url: {} },
  sampling: {},
  roots: { listChanged: true },
};

const notices = [
  'notifications/message',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/elicitation/complete',
] as const;

export async function connectAgent(era: Era, transport: Transport, options: AgentOptions = {}): Promise<Agent> {
  const capabilities = options.capabilities ?? allCapabilities;
  const client = new Client(
    { name: `${era}-agent`, version: '1.0.0' },
    {
      capabilities,
      versionNegotiation: era === 'old' ? { mode: 'legacy' } : { mode: { pin: '2026-07-28' } },
      defaultCacheTtlMs: 0,
    },
  );
  const heard: Heard[] = [];
  const asked: Heard[] = [];
  const waiters = new Set<() => void>();
  for (const method of notices) {
    client.setNotificationHandler(method, (notification: { params?: unknown }) => {
      heard.push({ method, params: (notification.params ?? {}) as Record<string, unknown> });
      for (const waiter of waiters) waiter();
    });
  }
  if (capabilities.elicitation !== undefined) {
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      asked.push({ method: 'elicitation/create', params: { ...params } });
      if (params.mode === 'url') return { action: (await options.onLink?.(params.url)) ?? 'accept' };
      const names = Object.keys(params.requestedSchema.properties);
      return {
        action: 'accept',
        content: Object.fromEntries(names.map((name) => [name, name === 'colour' ? 'green' : `a ${name}`])),
      };
    });
  }
  if (capabilities.sampling !== undefined) {
    client.setRequestHandler('sampling/createMessage', ({ params }) => {
      asked.push({ method: 'sampling/createMessage', params: { ...params } });
      return { model: 'small-model', role: 'assistant', content: { type: 'text', text: 'hi' } };
    });
  }
  if (capabilities.roots !== undefined) {
    client.setRequestHandler('roots/list', () => {
      asked.push({ method: 'roots/list', params: {} });
      return { roots: [{ uri: 'file:///home/somebody/project' }] };
    });
  }
  await client.connect(transport);
  return {
    client,
    era,
    heard,
    asked,
    hears: (fits, timeoutMs = 5000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = heard.find(fits);
          if (found === undefined) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          waiters.delete(look);
          reject(new Error(`not heard in ${timeoutMs} ms; heard ${heard.map(({ method }) => method).join(', ')}`));
        }, timeoutMs);
        waiters.add(look);
        look();
      }),
    close: () => client.close(),
  };
}

/** What a tool said, as one text. */
export function said(result: { content?: unknown }): string {
  const content = Array.isArray(result.content) ? (result.content as { text?: string }[]) : [];
  return content.map((block) => block.text ?? '').join('\n');
}
