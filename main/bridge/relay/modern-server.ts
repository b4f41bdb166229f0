// A server of the stateless era: every request stands alone, carries its `_meta` and headers, and may be retried.
import { quote } from '../../quote.ts';
import { doubtEra } from '../eras.ts';
import { contradicts } from './channel.ts';
import { exchange } from './exchange.ts';
import type { ExchangeOptions } from './exchange.ts';
import { declaredHeaders, paramHeaders } from './param-headers.ts';
import type { Declared } from './param-headers.ts';
import type { JsonObject, RelayLimits, Upstream } from './types.ts';
import { asObject, asText, call, codes, fail, meta, metaOf, modernVersion, reply, withMeta } from './wire.ts';
import type { Call, Reply } from './wire.ts';

/** What was learned of a server's tools; shared by all that talk to it. */
const books = new WeakMap<Upstream, ToolBook>();
const mostPages = 50;

class ToolBook {
  readonly #tools = new Map<string, Declared>();
  complete = false;

  /** The tools that may be shown (streamable-http: a client MUST exclude the others). */
  learn(upstream: Upstream, tools: readonly unknown[]): unknown[] {
    return tools.filter((tool) => {
      const { name, inputSchema } = asObject(tool);
      if (typeof name !== 'string') return true;
      const declared = declaredHeaders(inputSchema);
      this.#tools.set(name, declared);
      if (declared.kind === 'valid') return true;
      upstream.log.warn('a tool was left out because its x-mcp-header is invalid', {
        server: upstream.name,
        tool: quote(name),
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

export type ModernOptions = Omit<ExchangeOptions, 'limits' | 'headers' | 'session'>;

export class ModernServer {
  readonly #upstream: Upstream;
  readonly #limits: RelayLimits;
  readonly #book: ToolBook;

  constructor(upstream: Upstream, limits: RelayLimits) {
    this.#upstream = upstream;
    this.#limits = limits;
    const server = upstream.base ?? upstream;
    this.#book = books.get(server) ?? new ToolBook();
    books.set(server, this.#book);
  }

  /** `request` carries the modern `_meta` already. @throws what `exchange` throws */
  async request(request: Call, options: ModernOptions = {}): Promise<Reply> {
    const answer =
      request.method === 'tools/call' ? await this.#callTool(request, options) : await this.#send(request, options);
    return request.method === 'tools/list' ? this.#listed(request, answer) : answer;
  }

  /** After `notifications/tools/list_changed`: what a tool wants in its headers may have changed with it. */
  toolsChanged(): void {
    this.#book.forget();
  }

  async #callTool(request: Call, options: ModernOptions): Promise<Reply> {
    const name = asText(request.params?.['name']) ?? '';
    if (this.#book.get(name) === undefined && !this.#book.complete) await this.#learnAll(request, options);
    const first = await this.#callWithHeaders(request, name, options);
    if (!('error' in first) || first.error.code !== codes.headerMismatch) return first;
    // streamable-http, Client Behavior: on HeaderMismatch look whether the tool changed, then try once more.
    this.#book.forget();
    await this.#learnAll(request, options);
    return this.#callWithHeaders(request, name, options);
  }

  async #callWithHeaders(request: Call, name: string, options: ModernOptions): Promise<Reply> {
    const declared = this.#book.get(name);
    if (declared?.kind === 'invalid') {
      return reply(
        request.id,
        fail(codes.invalidParams, `The tool ${quote(name)} cannot be called: ${declared.because}.`),
      );
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
