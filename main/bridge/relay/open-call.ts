// One call to an old server for a new agent, who may leave with a question and come back with its answer.
import type { HeldSession } from './held-session.ts';
import { severity } from './mapping.ts';
import type { NewAgentPort } from './new-side.ts';
import type { JsonObject, Upstream } from './types.ts';
import { codes, fail, notice, reply } from './wire.ts';
import type { Call, Notice, Outcome } from './wire.ts';

/** What the agent is to be told next. */
export type CallEvent =
  | { readonly kind: 'asked'; readonly questions: JsonObject }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

interface Options {
  readonly upstream: Upstream;
  readonly session: HeldSession;
  readonly mayAsk: boolean;
  readonly logLevel: string | undefined;
}

type End = { readonly outcome: Outcome } | { readonly error: unknown };

/** Questions that one call may have open at once. */
const mostQuestions = 100;

export class OpenCall {
  readonly id = `tokentray-${crypto.randomUUID()}`;
  readonly mayAsk: boolean;
  readonly logLevel: string | undefined;
  readonly #session: HeldSession;
  readonly #controller = new AbortController();
  readonly #questions = new Map<string, Call>();
  #port: NewAgentPort | null = null;
  #progressToken: unknown;
  #ended: End | null = null;
  #wake: () => void = () => {};
  #count = 0;

  constructor({ session, mayAsk, logLevel }: Options) {
    this.#session = session;
    this.mayAsk = mayAsk;
    this.logLevel = logLevel;
  }

  start(request: Call): void {
    this.#session.request(this, request, this.#controller.signal).then(
      (outcome) => this.#end({ outcome }),
      (error: unknown) => this.#end({ error }),
    );
  }

  /** The agent is here, to be told of progress under its own token. */
  attach(port: NewAgentPort, progressToken: unknown): void {
    this.#port = port;
    this.#progressToken = progressToken;
  }

  detach(): void {
    this.#port = null;
  }

  /** Resolves when there is something to tell; questions that come together are told together. */
  async next(): Promise<CallEvent> {
    while (this.#ended === null && this.#questions.size === 0) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#ended !== null) {
      if ('error' in this.#ended) throw this.#ended.error;
      return { kind: 'ended', outcome: this.#ended.outcome };
    }
    const questions = [...this.#questions].map(([key, { method, params }]) => [
      key,
      { method, ...(params === undefined ? {} : { params }) },
    ]);
    return { kind: 'asked', questions: Object.fromEntries(questions) };
  }

  asked(question: Call): void {
    if (this.#questions.size >= mostQuestions) {
      void this.#session.send(reply(question.id, fail(codes.internal, 'Too many questions at once.'))).catch(() => {});
      return;
    }
    this.#count += 1;
    this.#questions.set(`question-${this.#count}`, question);
    this.#wake();
  }

  /** The agent's `inputResponses`; what it left out stays open and is asked again (mrtr, Error Handling). */
  answer(responses: JsonObject): void {
    for (const [key, question] of this.#questions) {
      const result = responses[key];
      if (typeof result !== 'object' || result === null) continue;
      this.#questions.delete(key);
      void this.#session.send(reply(question.id, { result: result as JsonObject })).catch(() => {});
    }
  }

  heard(message: Notice): void {
    if (this.#port === null) return;
    if (message.method === 'notifications/progress') {
      if (this.#progressToken === undefined || message.params?.['progressToken'] !== this.id) return;
      this.#port.send({ ...message, params: { ...message.params, progressToken: this.#progressToken } });
    } else if (message.method !== 'notifications/message' || this.#wantsLog(message.params?.['level'])) {
      this.#port.send(message);
    }
  }

  /** The agent gave up: an old server is told so in words, for it keeps working when only a stream ends. */
  cancel(): void {
    if (this.#ended !== null) return;
    const told = this.#session.send(notice('notifications/cancelled', { requestId: this.id }));
    void told.catch(() => {}).finally(() => this.#controller.abort());
    this.#end({ outcome: fail(codes.internal, 'The request was cancelled.') });
  }

  #wantsLog(level: unknown): boolean {
    return this.logLevel !== undefined && severity(level) >= severity(this.logLevel);
  }

  #end(how: End): void {
    this.#ended ??= how;
    this.#wake();
  }
}
