// How forwarded requests ended, for the audit: counted as the answer passes, looked into afterwards and only so far.
import type { Dispatcher } from 'undici';
import type { JsonObject } from '../access/types.ts';
import type { Admission } from './admissions.ts';
import { decode } from './content-coding.ts';
import { dataOf, EventBlocks } from './event-blocks.ts';
import { howItEnded } from './outcomes.ts';
import type { Id } from './relay/wire.ts';
import { asObject } from './relay/wire.ts';

/** Of one answer; larger ones count as good. */
const mostLookedInto = 256 * 1024;

export class AnswerSeen {
  readonly #open: Map<Id, Admission>;
  readonly #headers: Dispatcher.ResponseData['headers'];
  readonly #isError: boolean;
  #bytes = 0;
  #kept: Buffer[] | null = [];

  constructor(admissions: ReadonlyMap<Id, Admission>, answer: Dispatcher.ResponseData) {
    this.#open = new Map(admissions);
    this.#headers = answer.headers;
    this.#isError = answer.statusCode >= 400;
    if (this.#open.size === 0) this.#kept = null;
  }

  count(bytes: number): void {
    this.#bytes += bytes;
  }

  chunk(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#kept === null) return;
    if (this.#bytes > mostLookedInto) this.#kept = null;
    else this.#kept.push(chunk);
  }

  /** One of the requests was answered by this message. */
  answered(id: Id, message: JsonObject): void {
    const admission = this.#open.get(id);
    if (admission === undefined) return;
    this.#open.delete(id);
    const { result, error } = message;
    if (result !== undefined) admission.learn?.(asObject(result));
    const how = howItEnded({ ...(result === undefined ? {} : { result: asObject(result) }), error });
    if (how === 'goes-on') admission.goesOn();
    else admission.finished({ outcome: how, bytes: this.#bytes });
  }

  /** Of the requests, those that nothing that has passed answers, as far as it can be seen. */
  unanswered(): Id[] {
    const passed = this.#kept === null ? [] : this.#messagesIn(Buffer.concat(this.#kept));
    const answered = new Set(passed.map(({ id }) => id));
    return [...this.#open.keys()].filter((id) => !answered.has(id));
  }

  /** The answer has passed as a whole. */
  done(): void {
    const kept = this.#kept;
    this.#kept = null;
    if (this.#open.size === 0) return;
    // The agent has its answer; what is still to do keeps no request waiting that came meanwhile.
    setImmediate(() => void this.#lookInto(kept));
  }

  /** It broke off. */
  broken(): void {
    this.#end('failed');
  }

  cancelled(): void {
    this.#end('cancelled');
  }

  async #lookInto(kept: readonly Buffer[] | null): Promise<void> {
    const coding = this.#headers['content-encoding'];
    const bytes = kept === null ? null : await decode(Buffer.concat(kept), coding, mostLookedInto);
    for (const message of bytes === null ? [] : this.#messagesIn(bytes)) {
      const { id } = message;
      if (typeof id === 'string' || typeof id === 'number') this.answered(id, message);
    }
    // Not seen: too large, or it comes on a stream that the agent takes up again.
    this.#end(this.#isError ? 'error' : 'ok');
  }

  #messagesIn(bytes: Buffer): JsonObject[] {
    const type = [this.#headers['content-type'] ?? ''].flat().join(',').toLowerCase();
    const texts = type.startsWith('text/event-stream')
      ? new EventBlocks(mostLookedInto).take(bytes).flatMap((block) => dataOf(block) ?? [])
      : [bytes];
    return texts.flatMap((text) => messagesOf(text)).filter((message) => !Object.hasOwn(message, 'method'));
  }

  #end(outcome: 'ok' | 'error' | 'failed' | 'cancelled'): void {
    for (const admission of this.#open.values()) admission.finished({ outcome, bytes: this.#bytes });
    this.#open.clear();
  }
}

function messagesOf(text: Buffer): JsonObject[] {
  try {
    return [JSON.parse(text.toString('utf8')) as unknown].flat().map((message) => asObject(message));
  } catch {
    return [];
  }
}
