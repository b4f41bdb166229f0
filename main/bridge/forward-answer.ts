// A server's answer on the forward path: as it is, unless it has a list of tools in it that this agent may see only in part.
import type { ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { readStrictly } from '../access/message.ts';
import type { Guard, JsonObject } from '../access/types.ts';
import { TokentrayError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { Admission } from './admissions.ts';
import { dataOf, eventOf, EventBlocks, hasOtherLines, withData } from './event-blocks.ts';
import { agentHeaders } from './hop-by-hop.ts';
import { pourWithLastWords } from './last-words.ts';
import { withoutLookAlikes } from './look-alikes.ts';
import { AnswerSeen } from './answer-seen.ts';
import { decode, decoderFor } from './content-coding.ts';
import { ownRepliesOnly } from './own-replies.ts';
import type { Id } from './relay/wire.ts';

export interface Answering {
  readonly server: string;
  readonly guard: Guard;
  /** Of the requests that this answers. */
  readonly admissions: ReadonlyMap<Id, Admission>;
  readonly method: string;
  /** To these requests, which nothing has answered, should the stream of events break off; null: it was not our doing. */
  readonly lastWords: (unanswered: readonly Id[]) => string | null;
  readonly log: Log;
}

/** One message that has to be read as a whole. */
const mostBytes = 32 * 1024 * 1024;

/** Whether the answer has to be read before the agent gets it: a list of tools, or a stream that may bring one again. */
export const hasToBeRead = ({ method, admissions }: Pick<Answering, 'method' | 'admissions'>): boolean =>
  method === 'GET' || [...admissions.values()].some(({ reads }) => reads);

/** @throws unreadable_answer, response_too_large, as long as nothing was sent; rejects when either side broke off */
export async function deliver(answer: Dispatcher.ResponseData, res: ServerResponse, how: Answering): Promise<void> {
  const type = contentType(answer);
  const seen = new AnswerSeen(how.admissions, answer);
  try {
    // Agents take any good status, and read whatever answers a GET as a stream of events.
    const isGood = answer.statusCode >= 200 && answer.statusCode < 300;
    const isStream = type === 'events' || (type === 'other' && how.method === 'GET');
    if (!isGood || (type === 'other' && !hasToBeRead(how))) await passOn(answer, res, seen);
    else if (!hasToBeRead(how)) await passOwn(answer, res, seen, how);
    else if (isStream) await passEvents(answer, res, seen, how);
    else if (type === 'json') await passWhole(answer, res, seen, how);
    else throw unreadable('it is neither JSON nor a stream of events');
    seen.done();
  } catch (error) {
    seen.broken();
    throw error;
  }
}

/** The same into a stream of events that has begun: what is no stream becomes an event of one. @throws unreadable_answer */
export async function deliverInto(answer: Dispatcher.ResponseData, res: ServerResponse, how: Answering): Promise<void> {
  const seen = new AnswerSeen(how.admissions, answer);
  try {
    const type = contentType(answer);
    if (type === 'events' && answer.statusCode === 200) await pourEvents(answer, res, seen, how);
    else {
      const whole = await wholeOf(answer, seen);
      const read = readStrictly(whole);
      // Most that is no message is an error page: its status says more than an agent would read in it.
      if (read.kind !== 'one' && read.kind !== 'batch') throw statusOnly(answer.statusCode);
      const given = read.kind === 'one' ? [read.message] : read.messages;
      for (const message of given) res.write(eventOf(shownTo(message, seen, how)));
      res.end();
    }
    seen.done();
  } catch (error) {
    seen.broken();
    throw error;
  }
}

/** Bytes as they come; what is looked into for the audit is looked into afterwards. */
async function passOn(answer: Dispatcher.ResponseData, res: ServerResponse, seen: AnswerSeen): Promise<void> {
  res.writeHead(answer.statusCode, agentHeaders(answer.headers));
  // Headers of an event stream must not wait for its first event.
  res.flushHeaders();
  answer.body.on('data', (chunk: Buffer) => seen.chunk(chunk));
  await pipeline(answer.body, res);
}

/** The same for an answer that may hold no other replies than those to what was sent. */
async function passOwn(
  answer: Dispatcher.ResponseData,
  res: ServerResponse,
  seen: AnswerSeen,
  how: Answering,
): Promise<void> {
  const decoder = decoderOf(answer);
  const type = contentType(answer) === 'events' ? 'events' : 'json';
  const own = ownRepliesOnly(how.admissions.keys(), type, decoder);
  res.writeHead(answer.statusCode, agentHeaders(answer.headers));
  res.flushHeaders();
  answer.body.on('data', (chunk: Buffer) => seen.chunk(chunk));
  const plain = type === 'events' && decoder === null;
  // Into what is coded or is no stream of events nothing can be put that an agent would read.
  await pourWithLastWords(answer.body, [own], res, () => (plain ? how.lastWords(seen.unanswered()) : null));
}

/** Null: it comes plain. @throws unreadable_answer */
function decoderOf({ headers }: Dispatcher.ResponseData) {
  const decoder = decoderFor(headers['content-encoding']);
  if (decoder === 'unknown') throw unreadable('its content coding is not known');
  return decoder;
}

async function passEvents(
  answer: Dispatcher.ResponseData,
  res: ServerResponse,
  seen: AnswerSeen,
  how: Answering,
): Promise<void> {
  // Before anything is sent: what cannot be read can still be told.
  decoderOf(answer);
  res.writeHead(answer.statusCode, withoutCoding(answer));
  res.flushHeaders();
  await pourEvents(answer, res, seen, how);
}

async function pourEvents(
  answer: Dispatcher.ResponseData,
  res: ServerResponse,
  seen: AnswerSeen,
  how: Answering,
): Promise<void> {
  // Asked for without a coding, but servers may have their own mind.
  const decoder = decoderOf(answer);
  const through = [...(decoder === null ? [] : [decoder]), readEvents(seen, how)];
  await pourWithLastWords(answer.body, through, res, () => how.lastWords(seen.unanswered()));
}

/** Each event as it came, but for lists of tools; one that cannot be read is left out. */
function readEvents(seen: AnswerSeen, how: Answering): Transform {
  const blocks = new EventBlocks(mostBytes);
  const each = (block: Buffer): Buffer => {
    const data = dataOf(block);
    if (hasOtherLines(block)) {
      how.log.warn('an event of the server was left out', { server: how.server, because: 'it hides lines' });
      return Buffer.alloc(0);
    }
    if (data === null) return block;
    const read = readStrictly(data);
    if (read.kind !== 'one' && read.kind !== 'batch') {
      how.log.warn('an event of the server was left out', { server: how.server, because: read.because });
      return Buffer.alloc(0);
    }
    const shown = shownAs(read, seen, how);
    return shown === null ? block : withData(block, shown);
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        seen.count(chunk.length);
        done(null, Buffer.concat(blocks.take(chunk).map(each)));
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      // An event that nothing ended is none, but there are readers that take it for one.
      const rest = blocks.rest();
      done(null, rest.length === 0 ? undefined : each(rest));
    },
  });
}

async function passWhole(
  answer: Dispatcher.ResponseData,
  res: ServerResponse,
  seen: AnswerSeen,
  how: Answering,
): Promise<void> {
  const whole = await wholeOf(answer, seen);
  const read = whole.length === 0 ? null : readStrictly(whole);
  if (read !== null && read.kind !== 'one' && read.kind !== 'batch') throw unreadable(read.because);
  const shown = read === null ? null : shownAs(read, seen, how);
  const body = shown === null ? whole : Buffer.from(shown, 'utf8');
  res.writeHead(answer.statusCode, { ...withoutCoding(answer), 'content-length': body.length });
  res.end(body);
}

async function wholeOf(answer: Dispatcher.ResponseData, seen: AnswerSeen): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer.body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > mostBytes) throw new TokentrayError('response_too_large', `the list is larger than ${mostBytes} bytes`);
    parts.push(part);
  }
  const whole = await decode(Buffer.concat(parts), answer.headers['content-encoding'], mostBytes);
  if (whole === null) throw unreadable('its content coding is not known, or it is too large');
  seen.count(whole.length);
  return whole;
}

type ReadMessages = Extract<ReturnType<typeof readStrictly>, { kind: 'one' | 'batch' }>;

/** The text of what the agent may see; null: as it came, for it has no other reading than the one that was looked at. */
function shownAs(read: ReadMessages, seen: AnswerSeen, how: Answering): string | null {
  const given = read.kind === 'one' ? [read.message] : read.messages;
  const shown = given.map((message) => shownTo(message, seen, how));
  if (shown.every((message, at) => message === given[at])) return null;
  return JSON.stringify(read.kind === 'one' ? shown[0] : shown);
}

/** One message of the server as the agent may see it: the same object where nothing of it is to be hidden. */
function shownTo(message: JsonObject, seen: AnswerSeen, how: Answering): JsonObject {
  const clear = withoutLookAlikes(message, 'result');
  const { id, result, method } = clear;
  const known = method === undefined && (typeof id === 'string' || typeof id === 'number');
  if (known) seen.answered(id, clear);
  if (!isObject(result)) return clear;
  const admission = known ? how.admissions.get(id) : undefined;
  const shown =
    admission === undefined ? how.guard.filterTools(withoutLookAlikes(result, 'tools')) : admission.result(result);
  return shown === result ? clear : { ...clear, result: shown };
}

function contentType(answer: Dispatcher.ResponseData): 'json' | 'events' | 'other' {
  const value = [answer.headers['content-type'] ?? ''].flat().join(',').toLowerCase();
  if (value.startsWith('text/event-stream')) return 'events';
  return /^application\/(?:[a-z0-9.+-]+\+)?json\b/u.test(value) ? 'json' : 'other';
}

function withoutCoding(answer: Dispatcher.ResponseData): ReturnType<typeof agentHeaders> {
  const { 'content-encoding': _coding, 'content-length': _length, ...headers } = answer.headers;
  void [_coding, _length];
  return agentHeaders(headers);
}

const statusOnly = (status: number): TokentrayError =>
  new TokentrayError('unreachable', `the server answered with HTTP ${status}`, {
    attempted: 'send the request',
    facts: { status },
  });

const unreadable = (because: string): TokentrayError =>
  new TokentrayError('unreadable_answer', `what the server sent cannot be read: ${because}`, {
    attempted: 'read the answer of the server',
  });

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
