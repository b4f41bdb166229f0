// What an agent says that it is called, in the messages of either era; its own word, not yet made harmless.
import { asObject, asText, isCall, meta, metaOf } from './relay/wire.ts';
import type { Message } from './relay/wire.ts';

export interface ClientInfo {
  readonly name: string;
  readonly version: string | null;
}

/** Of the old era's first request, or of any request of the new one, where each says who asks; null: they do not say it. */
export function clientInfo(messages: readonly Message[]): ClientInfo | null {
  for (const message of messages) {
    if (!isCall(message)) continue;
    const first = message.method === 'initialize' ? message.params?.['clientInfo'] : undefined;
    const info = asObject(first ?? metaOf(message)[meta.clientInfo]);
    const name = asText(info['name']);
    if (name !== undefined) return { name, version: asText(info['version']) ?? null };
  }
  return null;
}
