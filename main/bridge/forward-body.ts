// A request body that streams with back-pressure, and can be sent again as long as it is small enough to keep.
import { Readable } from 'node:stream';

/** Bodies up to this size can be repeated after a 401; JSON-RPC requests are nearly always far below it. */
const replayBoundBytes = 4 * 1024 * 1024;

/** Called when the sender is waited for; it calls what it got back as soon as something came. */
export type StallWatch = () => () => void;

/** Reads the source only as fast as the one who opened it last; a chunk that nobody took yet is never lost. */
export class ReplayBody {
  readonly #source: AsyncIterator<Buffer>;
  readonly #bound: number;
  #chunks: Buffer[] = [];
  /** How many chunks were let go from the front; only after the bound was passed. */
  #dropped = 0;
  #bytes = 0;
  #keeping = true;
  #ended = false;
  /** Why the source broke off: half a body must never pass for a whole one. */
  #failed: { readonly error: unknown } | null = null;
  #pulling: Promise<boolean> | null = null;
  #reader = 0;

  readonly #stall: StallWatch | null;
  #watching = true;

  constructor(source: Readable, boundBytes: number = replayBoundBytes, watch: StallWatch | null = null) {
    // Aborts arrive through the iterator; without a listener they would end the process.
    source.on('error', () => undefined);
    this.#stall = watch;
    this.#source = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    this.#bound = boundBytes;
  }

  /** Whether `open` still gives the whole body. */
  get replayable(): boolean {
    return this.#keeping;
  }

  /** The body from its start. Opening again ends the reading of whoever had it before. */
  open(): Readable {
    this.#reader += 1;
    const stream = Readable.from(this.#read(this.#reader), { objectMode: false });
    stream.on('error', () => undefined);
    return stream;
  }

  /** The whole body when it has at most `limit` bytes, else null. Reads ahead no further than that. */
  async peek(limit: number): Promise<Buffer | null> {
    if (this.#dropped > 0) return null;
    while (!this.#ended && this.#bytes <= limit) await this.#pull();
    return this.#ended && this.#bytes <= limit ? Buffer.concat(this.#chunks) : null;
  }

  /** The sender may take its time from now on. */
  unwatch(): void {
    this.#watching = false;
  }

  /** It is to be held as a whole after all. */
  watchAgain(): void {
    this.#watching = true;
  }

  /** Nobody will repeat it: keep no more than what is on its way. */
  release(): void {
    this.#keeping = false;
  }

  /** Reads the rest and throws it away, so that the sender gets to reading its answer. */
  async drain(): Promise<void> {
    this.#reader += 1;
    this.#keeping = false;
    let more = true;
    while (more) {
      this.#chunks = [];
      more = await this.#pull();
    }
  }

  async *#read(reader: number): AsyncGenerator<Buffer> {
    let position = 0;
    for (;;) {
      while (position - this.#dropped >= this.#chunks.length) {
        const more = await this.#pull();
        if (reader !== this.#reader) return;
        if (!more) return;
      }
      const chunk = this.#chunks[position - this.#dropped];
      position += 1;
      if (!this.#keeping) {
        this.#chunks = this.#chunks.slice(position - this.#dropped);
        this.#dropped = position;
      }
      if (chunk !== undefined) yield chunk;
      if (reader !== this.#reader) return;
    }
  }

  /** Takes one chunk from the source; whoever asks meanwhile waits for the same one. False at the end. */
  #pull(): Promise<boolean> {
    if (this.#failed !== null) return Promise.reject(this.#failed.error);
    if (this.#ended) return Promise.resolve(false);
    this.#pulling ??= this.#take().finally(() => {
      this.#pulling = null;
    });
    return this.#pulling;
  }

  async #take(): Promise<boolean> {
    const seen = this.#watching ? this.#stall?.() : undefined;
    const next = await this.#source
      .next()
      .catch((error: unknown) => {
        this.#failed = { error };
        throw error;
      })
      .finally(seen);
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#chunks.push(next.value);
    this.#bytes += next.value.length;
    if (this.#bytes > this.#bound) this.#keeping = false;
    return true;
  }
}
