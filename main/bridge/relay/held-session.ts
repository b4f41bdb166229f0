// A session with an old server on behalf of new agents, who have none: whose message is whose, which log level, what
// is subscribed to, and when nobody needs it any more.
import { listNotices } from './listening.ts';
import { severity } from './mapping.ts';
import type { OpenCall } from './open-call.ts';
import { OldServer } from './old-server.ts';
import type { JsonObject, RelayLimits, ServerEra, Upstream } from './types.ts';
import { asObject, asText, call, codes, fail, isCall, isReply, outcomeOf, reply } from './wire.ts';
import type { Call, Message, Notice, Outcome, Reply } from './wire.ts';

export interface HeldSessionOptions {
  readonly upstream: Upstream;
  readonly limits: RelayLimits;
  readonly era: ServerEra;
  readonly initialize: JsonObject;
  /** Nobody has used the session for a while. */
  readonly onIdle: () => void;
}

export interface Listener {
  /** The part of the filter that this server can serve. */
  readonly honoured: JsonObject;
  start(): void;
  stop(): Promise<void>;
}

type Deliver = (method: string, params: JsonObject) => void;

const mostSubscriptions = 1000;

export class HeldSession {
  readonly #options: HeldSessionOptions;
  readonly #calls = new Set<OpenCall>();
  readonly #listeners = new Set<{ filter: JsonObject; deliver: Deliver }>();
  readonly #subscribers = new Map<string, number>();
  #server: OldServer | null = null;
  #level: string | null = null;
  #cancelIdle: () => void = () => {};
  #end: () => void = () => {};
  #off: () => void = () => {};
  /** Resolves when the session is closed. */
  readonly ended: Promise<void>;

  private constructor(options: HeldSessionOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  static async open(options: HeldSessionOptions): Promise<HeldSession> {
    const session = new HeldSession(options);
    const { upstream, limits, era, initialize } = options;
    const onMessage = (message: Message): void => session.#heard(message, null);
    session.#server = await OldServer.open({ upstream, limits, era, initialize, onMessage });
    await session.#server.initialized().catch(() => {});
    session.#off = upstream.signIn.onReady(() => session.#server?.mend());
    session.#rest();
    return session;
  }

  get opened(): JsonObject {
    return this.#server?.opened ?? {};
  }

  get busy(): boolean {
    return this.#calls.size > 0 || this.#listeners.size > 0;
  }

  /** Sends a call whose questions and notifications come back to `open`. */
  async request(open: OpenCall, request: Call, signal: AbortSignal): Promise<Outcome> {
    this.#calls.add(open);
    this.#cancelIdle();
    try {
      await this.#chooseLevel();
      return await this.#ask(request, signal, (message) => this.#heard(message, open));
    } finally {
      this.#calls.delete(open);
      this.#rest();
    }
  }

  send(message: Notice | Reply): Promise<void> {
    return this.#server?.send(message) ?? Promise.resolve();
  }

  async listen(wanted: JsonObject, deliver: Deliver): Promise<Listener> {
    this.#cancelIdle();
    const capabilities = asObject(this.opened['capabilities']);
    const changes = (name: string): boolean => asObject(capabilities[name])['listChanged'] === true;
    const subscribes = asObject(capabilities['resources'])['subscribe'] === true;
    const uris = subscribes ? await this.#subscribe(wanted['resourceSubscriptions']) : [];
    const honoured: JsonObject = {
      ...(wanted['toolsListChanged'] === true && changes('tools') ? { toolsListChanged: true } : {}),
      ...(wanted['promptsListChanged'] === true && changes('prompts') ? { promptsListChanged: true } : {}),
      ...(wanted['resourcesListChanged'] === true && changes('resources') ? { resourcesListChanged: true } : {}),
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
    };
    const listener = { filter: honoured, deliver };
    return {
      honoured,
      start: () => this.#listeners.add(listener),
      stop: async () => {
        this.#listeners.delete(listener);
        await this.#unsubscribe(uris);
        this.#rest();
      },
    };
  }

  async close(): Promise<void> {
    this.#cancelIdle();
    this.#off();
    this.#end();
    await this.#server?.close();
  }

  #rest(): void {
    this.#cancelIdle();
    if (this.busy) return;
    this.#cancelIdle = this.#options.upstream.clock.after(this.#options.limits.idleSession, this.#options.onIdle);
  }

  async #ask(request: Call, signal?: AbortSignal, onMessage?: (message: Message) => void): Promise<Outcome> {
    if (this.#server === null) throw new Error('the session is not open');
    return outcomeOf(await this.#server.request(request, { signal, onMessage }));
  }

  /** One level for a session, asked for per request by the new era: the wordiest that any of them wants. */
  async #chooseLevel(): Promise<void> {
    if (asObject(this.opened['capabilities'])['logging'] === undefined) return;
    const wanted = [...this.#calls].flatMap(({ logLevel }) => (logLevel === undefined ? [] : [logLevel]));
    const level = wanted.sort((a, b) => severity(a) - severity(b))[0];
    if (level === undefined || level === this.#level) return;
    this.#level = level;
    await this.#ask(call(fresh(), 'logging/setLevel', { level })).catch(() => {});
  }

  /** `open`: the call on whose stream this came; null for what came outside of any. */
  #heard(message: Message, open: OpenCall | null): void {
    if (isReply(message)) return;
    if (isCall(message)) {
      if (message.method === 'ping') void this.send(reply(message.id, { result: {} })).catch(() => {});
      else this.#questioned(message, open);
      return;
    }
    const changed = Object.values(listNotices).some((method) => method === message.method);
    if (changed || message.method === 'notifications/resources/updated') this.#tell(message);
    else if (open !== null) open.heard(message);
    else if (message.method === 'notifications/message')
      this.#newest((each) => each.logLevel !== undefined)?.heard(message);
  }

  /** New agents take questions as the result of a request only, so one that comes outside of any goes to the newest. */
  #questioned(question: Call, open: OpenCall | null): void {
    const asked = open?.mayAsk === true ? open : open === null ? this.#newest((each) => each.mayAsk) : undefined;
    if (asked !== undefined) return asked.asked(question);
    const refusal = fail(codes.methodNotFound, 'No request is under way that this question could be asked with.');
    void this.send(reply(question.id, refusal)).catch(() => {});
  }

  #newest(fits: (open: OpenCall) => boolean): OpenCall | undefined {
    return [...this.#calls].filter(fits).at(-1);
  }

  #tell(message: Notice): void {
    const uri = asText(message.params?.['uri']);
    for (const { filter, deliver } of this.#listeners) {
      const uris = filter['resourceSubscriptions'];
      const wanted =
        uri === undefined
          ? Object.entries(listNotices).some(([kind, method]) => method === message.method && filter[kind] === true)
          : Array.isArray(uris) && uris.some((each: unknown) => uri === each || uri.startsWith(`${String(each)}/`));
      if (wanted) deliver(message.method, message.params ?? {});
    }
  }

  async #subscribe(wanted: unknown): Promise<string[]> {
    const uris: string[] = [];
    for (const uri of Array.isArray(wanted) ? wanted.slice(0, mostSubscriptions) : []) {
      if (typeof uri !== 'string' || uris.includes(uri)) continue;
      const held = this.#subscribers.get(uri) ?? 0;
      if (held === 0) {
        const outcome = await this.#ask(call(fresh(), 'resources/subscribe', { uri }));
        if ('error' in outcome) continue;
      }
      this.#subscribers.set(uri, (this.#subscribers.get(uri) ?? 0) + 1);
      uris.push(uri);
    }
    return uris;
  }

  async #unsubscribe(uris: readonly string[]): Promise<void> {
    for (const uri of uris) {
      const left = (this.#subscribers.get(uri) ?? 1) - 1;
      if (left > 0) this.#subscribers.set(uri, left);
      else {
        this.#subscribers.delete(uri);
        await this.#ask(call(fresh(), 'resources/unsubscribe', { uri })).catch(() => {});
      }
    }
  }
}

const fresh = (): string => `tokentray-${crypto.randomUUID()}`;
