// A forwarded request that waits for a person: told of it as progress, so its answer comes on a stream that has begun by then.
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { failureMessage, sendJson, type Failure, type RequestIds } from './answers.ts';
import { eventOf } from './event-blocks.ts';
import { deliverInto, type Answering } from './forward-answer.ts';
import { progressOf } from './relay/admission.ts';
import type { Call } from './relay/wire.ts';

export class WaitingStream {
  readonly #res: ServerResponse;
  readonly #streams: boolean;
  readonly #tellers = new Map<Call, (words: string) => void>();
  #begun = false;

  constructor(res: ServerResponse, accept: string | undefined) {
    this.#res = res;
    this.#streams = accept?.toLowerCase().includes('text/event-stream') ?? false;
  }

  /** From then on the answer goes out as events. */
  get begun(): boolean {
    return this.#begun;
  }

  tell(call: Call, words: string): void {
    if (!this.#streams || this.#res.destroyed || this.#res.writableEnded) return;
    const signal = new AbortController().signal;
    const send = (message: unknown): void => {
      this.#begin();
      this.#res.write(eventOf(message));
    };
    const teller = this.#tellers.get(call) ?? progressOf(call, { signal, send });
    this.#tellers.set(call, teller);
    teller(words);
  }

  /** Answers in the server's place. */
  answer(message: unknown): void {
    if (!this.#begun) return sendJson(this.#res, 200, message);
    // A stream has no lists: each answer is an event of its own.
    for (const each of [message].flat()) this.#res.write(eventOf(each));
    this.#res.end();
  }

  fail(failure: Failure, ids: RequestIds): void {
    if (this.#res.destroyed || this.#res.writableEnded) return;
    this.answer(failureMessage(failure, ids));
  }

  deliver(answer: Dispatcher.ResponseData, how: Answering): Promise<void> {
    return deliverInto(answer, this.#res, how);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  }
}
