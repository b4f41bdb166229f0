// A server of the stateless era: every request stands alone, carries its `_meta` and headers, and may be retried.
import { quote } from '../../quote.ts';
import { onlyListens } from '../admissions.ts';
import { doubtEra } from '../eras.ts';
import { admissionsOf } from '../guarded-upstream.ts';
import { contradicts } from './channel.ts';
import { exchange } from './exchange.ts';
import type { ExchangeOptions } from './exchange.ts';
import { closing } from './new-side.ts';
import { declaredHeaders, paramHeaders } from './param-headers.ts';
import type { Declared } from './param-headers.ts';
import type { JsonObject, RelayLimits, Upstream } from './types.ts';
import { asObject, asText, call, codes, fail, meta, metaOf, modernVersion, reply, withMeta } from './wire.ts';
import type { Call, Reply } from './wire.ts';

/** What was learned of a server's tools; shared by all that talk to it. */
const books = new WeakMap<Upstream, ToolBook>();
const mostPages = 50;
/** More are not kept: who calls one of the others has it looked up again. */
const mostTools = 10_000;

class ToolBook {
  readonly #tools = new Map<string, Declared>();
  complete = false;

  note(tool: unknown): Declared | null {
    const { name, inputSchema } = asObject(tool);
    if (typeof name !== 'string') return null;
    const declared = declaredHeaders(inputSchema);
    if (this.#tools.size >= mostTools) this.#tools.clear();
    this.#tools.set(name, declared);
    return declared;
  }

  /** The tools that may be shown (streamable-http: a client MUST exclude the others). */
  learn(upstream: Upstream, tools: readonly unknown[]): unknown[] {
    return tools.filter((tool) => {
      const declared = this.note(tool);
      if (declared === null || declared.kind === 'valid') return true;
      upstream.log.warn('a tool was left out because its x-mcp-header is invalid', {
        server: upstream.name,
        tool: quote(asObject(tool)['name']),
        because: declared.because,
      });
      return false;
    });
  }

  get(name: string): Declared | undefined {
    return this.#tools.get(name);
  }

  forget(): void {
    this.#tools.clear();
    this.complete = false;
  }
}

function bookOf(upstream: Upstream): ToolBook {
  const server = upstream.base ?? upstream;
  const book = books.get(server) ?? new ToolBook();
  books.set(server, book);
  return book;
}

/** For lists that pass by another way than `ModernServer`. */
export function noteTools(upstream: Upstream, tools: unknown): void {
  const book = bookOf(upstream);
  if (Array.isArray(tools)) for (const tool of tools) book.note(tool);
}

/** What a tool declares, by the newest list that was seen, or remembered from another day; undefined: in neither. */
export function declaredBy(upstream: Upstream, name: string): Declared | undefined {
  const known = bookOf(upstream).get(name);
  if (known !== undefined) return known;
  const remembered = upstream.known.get()?.tools?.find((tool) => tool['name'] === name);
  return remembered === undefined ? undefined : declaredHeaders(remembered['inputSchema']);
}

export type ModernOptions = Omit<ExchangeOptions, 'limits' | 'headers' | 'session'>;

export class ModernServer {
  readonly #upstream: Upstream;
  readonly #limits: RelayLimits;
  readonly #book: ToolBook;

  constructor(upstream: Upstream, limits: RelayLimits) {
    this.#upstream = upstream;
    this.#limits = limits;
    this.#book = bookOf(upstream);
  }

  /**
   * `request` carries the modern `_meta` already. A subscription of an agent ends as if the server had ended it when there is
   * nothing more that the agent may hear. @throws what `exchange` throws
   */
  async request(request: Call, options: ModernOptions = {}): Promise<Reply> {
    if (onlyListens(request.method)) return this.#listen(request, options);
    const answer =
      request.method === 'tools/call' ? await this.#callTool(request, options) : await this.#send(request, options);
    return request.method === 'tools/list' ? this.#listed(request, answer) : answer;
  }

  /** What the tool of a call declares; the server is asked for its list where none was seen. @throws what `exchange` throws */
  async declared(request: Call, options: ModernOptions = {}): Promise<Declared | undefined> {
    const name = asText(request.params?.['name']) ?? '';
    if (this.#book.get(name) === undefined && !this.#book.complete) await this.#learnAll(request, options);
    return this.#book.get(name);
  }

  /** After `notifications/tools/list_changed`: what a tool wants in its headers may have changed with it. */
  toolsChanged(): void {
    this.#book.forget();
  }

  async #listen(request: Call, options: ModernOptions): Promise<Reply> {
    const admissions = admissionsOf(this.#upstream);
    if (admissions === null) return this.#send(request, options);
    if (!admissions.hears) return reply(request.id, closing(request.id));
    const deaf = new AbortController();
    const off = admissions.whenDeaf(() => deaf.abort());
    const signal = options.signal === undefined ? deaf.signal : AbortSignal.any([options.signal, deaf.signal]);
    try {
      return await this.#send(request, { ...options, signal });
    } catch (error) {
      if (!deaf.signal.aborted) throw error;
      return reply(request.id, closing(request.id));
    } finally {
      off();
    }
  }

  async #callTool(request: Call, options: ModernOptions): Promise<Reply> {
    const first = await this.#callWithHeaders(request, await this.declared(request, options), options);
    if (!('error' in first) || first.error.code !== codes.headerMismatch) return first;
    // streamable-http, Client Behavior: on HeaderMismatch look whether the tool changed, then try once more.
    this.#book.forget();
    await this.#learnAll(request, options);
    return this.#callWithHeaders(request, this.#book.get(asText(request.params?.['name']) ?? ''), options);
  }

  async #callWithHeaders(request: Call, declared: Declared | undefined, options: ModernOptions): Promise<Reply> {
    if (declared?.kind === 'invalid') {
      const tool = quote(request.params?.['name']);
      return reply(request.id, fail(codes.invalidParams, `The tool ${tool} cannot be called: ${declared.because}.`));
    }
    const headers = declared === undefined ? {} : paramHeaders(declared.declarations, request.params?.['arguments']);
    return this.#send(request, options, headers);
  }

  async #learnAll(forCall: Call, options: ModernOptions): Promise<void> {
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const { progressToken, ...rest } = metaOf(forCall);
      void progressToken;
      const list = call(`tokentray-tools-${crypto.randomUUID()}`, 'tools/list', {
        ...(cursor === undefined ? {} : { cursor }),
        _meta: rest,
      });
      const answer = await this.#send(list, options.signal === undefined ? {} : { signal: options.signal });
      if (!('result' in answer)) break;
      this.#book.learn(this.#upstream, toolsIn(answer.result));
      cursor = asText(answer.result['nextCursor']);
      if (cursor === undefined) break;
    }
    this.#book.complete = true;
  }

  #listed(request: Call, answer: Reply): Reply {
    if (!('result' in answer) || !Array.isArray(answer.result['tools'])) return answer;
    const tools = this.#book.learn(this.#upstream, answer.result['tools']);
    if (request.params?.['cursor'] === undefined && answer.result['nextCursor'] === undefined)
      this.#book.complete = true;
    return { ...answer, result: { ...answer.result, tools } };
  }

  async #send(request: Call, options: ModernOptions, headers: Record<string, string> = {}): Promise<Reply> {
    const all = { ...options, headers, limits: this.#limits };
    const first = await exchange(this.#upstream, request, all).catch((error: unknown) => {
      if (contradicts(error)) doubtEra(this.#upstream);
      throw error;
    });
    if (!('error' in first) || first.error.code !== codes.unsupportedVersion) return first;
    // versioning, Protocol Version Negotiation: select a mutually supported version and retry.
    const supported = asObject(first.error.data)['supported'];
    if (!Array.isArray(supported) || !supported.includes(modernVersion)) return first;
    return exchange(this.#upstream, withMeta(request, { [meta.protocolVersion]: modernVersion }), all);
  }
}

const toolsIn = (result: JsonObject): readonly unknown[] =>
  Array.isArray(result['tools']) ? (result['tools'] as unknown[]) : [];
