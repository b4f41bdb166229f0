// What an agent sent, read so that no server can find another meaning in it; whatever cannot be read so goes no further.
import { readStrictly } from '../access/message.ts';
import { codes, isCall, isNotice, readMessage } from './relay/wire.ts';
import type { Id, Message } from './relay/wire.ts';

export type Incoming = ReadMessages | { readonly kind: 'refused'; readonly code: number; readonly because: string };

export interface ReadMessages {
  readonly kind: 'read';
  readonly messages: readonly Message[];
  /** 2025-03-26: they came in a list, be it of one. */
  readonly batch: boolean;
  /** Of each message. */
  readonly bytes: readonly number[];
}

/**
 * Ambiguous messages are refused for every agent, not only where a rule stands: then no later rule finds a server that was
 * taught to read them otherwise. What only looks like a notification could be a call that wants no answer. Never throws.
 */
export function readIncoming(bytes: Buffer): Incoming {
  const read = readStrictly(bytes);
  if (read.kind === 'ambiguous') return invalid(`The message cannot be let through: ${read.because}.`);
  if (read.kind === 'unreadable') {
    return isJson(bytes) ? invalid('Invalid request') : { kind: 'refused', code: codes.parse, because: 'Parse error' };
  }
  const given = read.kind === 'one' ? [read.message] : read.messages;
  const messages = given.flatMap((value) => readMessage(value) ?? []);
  if (messages.length < given.length || !messages.every(hasOneMeaning)) return invalid('Invalid request');
  const ids = idsOf(messages);
  if (new Set(ids).size < ids.length) return invalid('Two requests of one batch have the same id.');
  return { kind: 'read', messages, batch: read.kind === 'batch', bytes: [read.bytes].flat() };
}

/** Of the requests among the messages. */
export const idsOf = (messages: readonly Message[]): Id[] =>
  messages.flatMap((message) => (isCall(message) ? [message.id] : []));

function hasOneMeaning(message: Message): boolean {
  if ('method' in message && ('result' in message || 'error' in message)) return false;
  return !isNotice(message) || message.method.startsWith('notifications/');
}

const invalid = (because: string): Incoming => ({ kind: 'refused', code: codes.invalidRequest, because });

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** As JSON has it. */
export const valueOf = ({ messages, batch }: ReadMessages): unknown => (batch ? messages : messages[0]);
