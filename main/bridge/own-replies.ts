// Watches an answer pass: a server that answers another request in it than the one that was sent would get around who filters
// lists of tools, so the answer breaks off before that reply is whole. Nothing is kept, and no byte is changed.
import { Transform } from 'node:stream';
import { foldedText } from '../access/tool-name.ts';
import { TokentrayError } from '../errors.ts';
import type { Id } from './relay/wire.ts';

const code = {
  newLine: 10,
  carriageReturn: 13,
  quote: 34,
  comma: 44,
  colon: 58,
  open: 91,
  backslash: 92,
  close: 93,
  openObject: 123,
  closeObject: 125,
};
const bytesOf = (text: string): ReadonlySet<number> => new Set(Buffer.from(text, 'latin1'));
/** Blanks, and what numbers, `true`, `false` and `null` are made of: all that JSON has outside of its texts and brackets. */
const bare = bytesOf(' \t\r\n+-.0123456789Etrufalsen');
const blank = bytesOf(' \t\r\n');
/** Of a name or an id; nothing longer was sent by an agent. */
const longest = 8_192;

/** @param decoder of the coding that the bytes are in; null: none. @throws unreadable_answer out of the stream */
export function ownRepliesOnly(ids: Iterable<Id>, type: 'json' | 'events', decoder: Transform | null): Transform {
  const replies = new Replies(new Set(Array.from(ids, String)));
  const reader = type === 'events' ? new EventData(replies) : replies;
  if (decoder === null) {
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        try {
          reader.feed(chunk);
          done(null, chunk);
        } catch (error) {
          done(error as Error);
        }
      },
    });
  }
  let fault: Error | null = null;
  decoder.on('error', (error) => (fault ??= error));
  decoder.on('data', (plain: Buffer) => {
    try {
      if (fault === null) reader.feed(plain);
    } catch (error) {
      fault = error as Error;
    }
  });
  return new Transform({
    // What a chunk says was read by the time that the decoder wants the next one.
    transform(chunk: Buffer, _encoding, done) {
      decoder.write(chunk, (error) => done(fault ?? error ?? null, chunk));
    },
    flush(done) {
      decoder.once('close', () => done(fault)).end();
    },
    destroy(error, done) {
      decoder.destroy();
      done(error);
    },
  });
}

/** JSON-RPC messages, one or a list of them, read byte by byte for whose replies they are. */
class Replies {
  readonly #ids: ReadonlySet<string>;
  #depth = 0;
  /** How deep the members of a message are. */
  #level = 1;
  #inText = false;
  #escaped = false;
  #awaitsName = false;
  /** No JSON at all: nobody finds a reply in it as long as it has no quotes. */
  #isOther = false;
  /** Raw: the name, or the value of `id`. */
  #text: string | null = null;
  #name = '';
  #given: unknown[] = [];
  #isRequest = false;
  #hasOutcome = false;

  constructor(ids: ReadonlySet<string>) {
    this.#ids = ids;
  }

  /** Another event: whatever was begun is over. */
  reset(): void {
    this.#depth = 0;
    this.#inText = false;
    this.#escaped = false;
    this.#isOther = false;
    this.#text = null;
  }

  /** @throws unreadable_answer */
  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#inText && this.#text === null && !this.#escaped) at = textEnd(bytes, at);
      const byte = bytes[at];
      if (byte !== undefined) this.#take(byte);
    }
  }

  #take(byte: number): void {
    if (this.#inText) return this.#takeText(byte);
    if (this.#depth === 0) return this.#begin(byte);
    switch (byte) {
      case code.quote:
        this.#inText = true;
        if (this.#depth === this.#level && this.#awaitsName) this.#text = '';
        break;
      case code.openObject:
      case code.open:
        this.#depth += 1;
        if (this.#depth === this.#level) this.#open(byte === code.openObject);
        break;
      case code.closeObject:
      case code.close:
        if (this.#depth === this.#level) this.#close();
        this.#depth -= 1;
        return;
      case code.comma:
        if (this.#depth !== this.#level) break;
        this.#endMember();
        this.#awaitsName = true;
        return;
      case code.colon:
        if (this.#depth === this.#level) return this.#named();
        break;
      default:
        if (!bare.has(byte)) throw unreadable('it is no JSON');
    }
    this.#keep(byte);
  }

  #begin(byte: number): void {
    if (byte === code.quote && this.#isOther) throw unreadable('it is no JSON');
    if (this.#isOther || blank.has(byte) || byte > 127) return;
    if (byte !== code.openObject && byte !== code.open) {
      if (byte === code.quote) throw unreadable('it is no message');
      this.#isOther = true;
      return;
    }
    this.#depth = 1;
    this.#level = byte === code.open ? 2 : 1;
    if (byte === code.openObject) this.#open(true);
  }

  #takeText(byte: number): void {
    if (byte < 32) throw unreadable('it is no JSON');
    this.#keep(byte);
    if (this.#escaped) this.#escaped = false;
    else if (byte === code.backslash) this.#escaped = true;
    else if (byte === code.quote) this.#inText = false;
  }

  #keep(byte: number): void {
    if (this.#text === null) return;
    if (this.#text.length > longest) this.#text = null;
    else this.#text += String.fromCharCode(byte);
  }

  #open(isObject: boolean): void {
    if (!isObject) throw unreadable('it is no message');
    this.#awaitsName = true;
    this.#given = [];
    this.#isRequest = false;
    this.#hasOutcome = false;
    this.#text = null;
    this.#name = '';
  }

  #named(): void {
    const name = valueOf(this.#text ?? '');
    this.#awaitsName = false;
    this.#name = typeof name === 'string' ? foldedText(name) : '';
    if (name === 'method') this.#isRequest = true;
    if (this.#name === 'result' || this.#name === 'error') this.#hasOutcome = true;
    this.#text = this.#name === 'id' ? '' : null;
  }

  #endMember(): void {
    // What is too long or no JSON counts as nobody's.
    if (this.#name === 'id') this.#given.push(valueOf(this.#text ?? ''));
    this.#name = '';
    this.#text = null;
  }

  #close(): void {
    this.#endMember();
    if (this.#isRequest && !this.#hasOutcome) return;
    // An error about nothing in particular has no id.
    const isOwn = (id: unknown): boolean =>
      id === null || ((typeof id === 'string' || typeof id === 'number') && this.#ids.has(String(id)));
    if (!this.#given.every(isOwn)) throw unreadable('it answers a request that was not sent with it');
  }
}

/** Where something follows in a text that means more than itself. */
function textEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === code.quote || byte === code.backslash || byte < 32) break;
  }
  return at;
}

const prefix = Buffer.from('data:');
const mark = [0xef, 0xbb, 0xbf];
/** Single bytes that end a line for readers that split text as Python does; U+0085, U+2028 and U+2029 do, too. */
const otherEnds = bytesOf('\v\f\u001c\u001d\u001e');

/** What the events of a stream carry, to whoever reads the messages. */
class EventData {
  readonly #replies: Replies;
  /** How much of `data:` the line began with; null: it is another line. */
  #matched: number | null = 0;
  #length = 0;
  #begun = 0;
  #before = [0, 0];
  #afterReturn = false;

  constructor(replies: Replies) {
    this.#replies = replies;
  }

  /** @throws unreadable_answer */
  feed(chunk: Buffer): void {
    let from = 0;
    for (let at = 0; at <= chunk.length; at += 1) {
      const byte = chunk[at];
      const ends = byte === undefined || byte === code.newLine || byte === code.carriageReturn;
      if (ends) {
        if (this.#matched === prefix.length && from < at) this.#replies.feed(chunk.subarray(from, at));
        if (byte !== undefined) this.#endLine(byte);
        from = at + 1;
      } else if (this.#matched !== prefix.length) {
        this.#look(byte);
        from = at + 1;
      } else this.#length += 1;
    }
  }

  #endLine(byte: number): void {
    const isSecondHalf = byte === code.newLine && this.#afterReturn;
    this.#afterReturn = byte === code.carriageReturn;
    if (isSecondHalf) return;
    if (this.#length === 0) this.#replies.reset();
    else if (this.#matched === prefix.length) this.#replies.feed(lineFeed);
    this.#matched = 0;
    this.#length = 0;
    this.#before = [0, 0];
  }

  /** A byte of a line that is no data, or not yet known to be. */
  #look(byte: number): void {
    this.#afterReturn = false;
    // A byte order mark is no part of the first line.
    if (this.#begun < mark.length && byte === mark[this.#begun]) {
      this.#begun += 1;
      return;
    }
    this.#begun = mark.length;
    const [first, second] = this.#before;
    if (
      otherEnds.has(byte) ||
      (second === 0xc2 && byte === 0x85) ||
      (first === 0xe2 && second === 0x80 && (byte === 0xa8 || byte === 0xa9))
    ) {
      throw unreadable('a line of it hides another one');
    }
    this.#before = [second ?? 0, byte];
    this.#length += 1;
    this.#matched = this.#matched !== null && byte === prefix[this.#matched] ? this.#matched + 1 : null;
  }
}

const lineFeed = Buffer.from('\n');

function valueOf(raw: string): unknown {
  try {
    return JSON.parse(Buffer.from(raw, 'latin1').toString('utf8'));
  } catch {
    return undefined;
  }
}

const unreadable = (because: string): TokentrayError =>
  new TokentrayError('unreadable_answer', `the answer of the server was broken off: ${because}`, {
    attempted: 'pass on the answer of the server',
  });
