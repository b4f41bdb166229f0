// One `subscriptions/listen` kept open on a new server for an old agent, whose subscriptions come one by one, for as long as
// the agent may hear what it brings.
import type { ModernServer } from './modern-server.ts';
import type { GuardedUpstream, JsonObject } from './types.ts';
import { asObject, call, isNotice, meta, notice, withMeta } from './wire.ts';
import type { Call, Message, Notice, Reply } from './wire.ts';

/** What an agent wants to hear (2026-07-28 subscriptions, Notification Filter). */
export interface Filter {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
}

export const listNotices = {
  toolsListChanged: 'notifications/tools/list_changed',
  promptsListChanged: 'notifications/prompts/list_changed',
  resourcesListChanged: 'notifications/resources/list_changed',
} as const satisfies Partial<Record<keyof Filter, string>>;

/** The list changes of a filter as the notifications that tell of them. */
export const noticesOf = (filter: JsonObject): string[] =>
  Object.entries(listNotices).flatMap(([kind, method]) => (filter[kind] === true ? [method] : []));

interface Options {
  readonly upstream: GuardedUpstream;
  readonly server: ModernServer;
  readonly stamp: (request: Call) => Call;
  readonly deliver: (message: Notice) => void;
}

type Opened = { readonly honoured: JsonObject } | { readonly refused: Reply };

export class Listening {
  readonly #options: Options;
  #current: AbortController | null = null;
  #filter: Filter = {};
  #closed = false;
  /** It ended because the agent may hear nothing: what changes until it is opened again is not told. */
  #deaf = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Listens for this instead of what was before; the old stream ends only when the new one stands, so none is missed. */
  async change(filter: Filter): Promise<Opened> {
    const before = this.#current;
    if (Object.keys(filter).length === 0) {
      this.#current = null;
      before?.abort();
      return { honoured: {} };
    }
    const controller = new AbortController();
    this.#current = controller;
    this.#filter = filter;
    const opened = await this.#open(filter, controller, 0);
    if (!this.#options.upstream.admissions.hears) this.#deaf = true;
    else if ('refused' in opened && this.#current === controller) {
      this.#current = before;
      return opened;
    }
    before?.abort();
    return opened;
  }

  /** Opens the stream again after the grant or the permission came back. */
  mend(): void {
    if (this.#current === null || this.#closed) return;
    const missed = this.#deaf;
    this.#deaf = false;
    const reopen = async (): Promise<void> => {
      const opened = await this.change(this.#filter);
      if (missed && 'honoured' in opened) this.#tellAll(opened.honoured);
    };
    reopen().catch(() => {});
  }

  close(): void {
    this.#closed = true;
    this.#current?.abort();
  }

  #open(filter: Filter, controller: AbortController, failures: number): Promise<Opened> {
    return new Promise((resolve, reject) => {
      let honoured: JsonObject | null = null;
      const acknowledged = (agreed: JsonObject): void => {
        honoured = agreed;
        resolve({ honoured });
      };
      const run = async (): Promise<void> => {
        try {
          const answer = await this.#stream(filter, controller, acknowledged);
          if (honoured === null) resolve({ refused: answer });
          else if ('result' in answer) this.#again(filter, controller, 0, honoured);
        } catch (error) {
          reject(error);
          this.#again(filter, controller, failures, honoured);
        }
      };
      void run();
    });
  }

  /** The life of one stream; resolves when the server ends it. */
  #stream(filter: Filter, controller: AbortController, acknowledged: (agreed: JsonObject) => void): Promise<Reply> {
    const { server, stamp, deliver } = this.#options;
    const id = `tokentray-listen-${crypto.randomUUID()}`;
    const onMessage = (message: Message): void => {
      if (!isNotice(message)) return;
      if (message.method === 'notifications/subscriptions/acknowledged') {
        return acknowledged(asObject(message.params?.['notifications']));
      }
      if (message.method === listNotices.toolsListChanged) server.toolsChanged();
      deliver(withMeta(message, { [meta.subscriptionId]: undefined }));
    };
    const listen = stamp(call(id, 'subscriptions/listen', { notifications: filter }));
    return server.request(listen, { signal: controller.signal, onMessage, patient: true });
  }

  /** The stream broke: a new one after a pause, and then word of every list, since changes may have been missed. */
  #again(filter: Filter, controller: AbortController, failures: number, honoured: JsonObject | null): void {
    if (controller.signal.aborted || this.#closed || this.#current !== controller) return;
    if (!this.#options.upstream.admissions.hears) {
      this.#deaf = true;
      return;
    }
    const reopen = async (): Promise<void> => {
      const opened = await this.#open(filter, controller, Math.min(failures + 1, 5));
      if ('honoured' in opened) this.#tellAll(honoured ?? opened.honoured);
    };
    const pause = Math.min(30_000, 1000 * 2 ** failures);
    const cancel = this.#options.upstream.clock.after(pause, () => void reopen().catch(() => {}));
    controller.signal.addEventListener('abort', cancel, { once: true });
  }

  #tellAll(honoured: JsonObject): void {
    for (const method of noticesOf(honoured)) this.#options.deliver(notice(method));
  }
}
