// Which protocol era an agent and a server speak: read from a request, found out by one `server/discover` probe.
import {
  Client,
  SdkError,
  SdkErrorCode,
  StreamableHTTPClientTransport,
  UnsupportedProtocolVersionError,
} from '@modelcontextprotocol/client';
import { TokentrayError } from '../errors.ts';
import { beginningOf } from './endpoint-event.ts';
import { bounded } from './relay/bounded.ts';
import type { AgentEra, JsonObject, ServerEra, Upstream } from './relay/types.ts';
import { asObject, asText, meta, modernVersion } from './relay/wire.ts';

/** Revisions are dates, so their order as text is their order in time (versioning, Terminology). */
export const isModern = (version: string | null | undefined): boolean =>
  version !== null && version !== undefined && version >= modernVersion;

/**
 * The era of one HTTP request of an agent. The body decides, for an intermediary may have dropped a header;
 * `initialize` opens the legacy era whatever else it carries (versioning, Compatibility Matrix).
 */
export function agentEra(headers: Headers, body?: unknown): AgentEra {
  const message = asObject(body);
  if (message['method'] === 'initialize') return 'legacy';
  const claimed = asText(asObject(asObject(message['params'])['_meta'])[meta.protocolVersion]);
  if (claimed !== undefined) return isModern(claimed) ? 'modern' : 'legacy';
  if (headers.has('mcp-session-id')) return 'legacy';
  return isModern(headers.get('mcp-protocol-version')) ? 'modern' : 'legacy';
}

/** A verdict, and what the server said of itself when it is modern. */
export interface Detected {
  readonly era: ServerEra;
  readonly discover?: JsonObject;
}

/** In which the person may have to sign in first, where the browser opens by itself. */
const patience = 6 * 60_000;
/** Of a stream that should begin with an `endpoint`. */
const silence = 10_000;
/** Answers about the one who asks, or about the moment: none of them is evidence of an era. */
const undecided = new Set([401, 403, 408, 429]);
const largestAnswer = 1024 * 1024;
const remembered = new WeakMap<Upstream, { verdict: Promise<Detected>; at: number }>();
/** How long a verdict is believed without asking again: an upgraded server still answers `initialize`. */
const horizon = 24 * 60 * 60_000;

/**
 * The server's era; a stored legacy verdict is believed, anything else is probed once and remembered. A 401 decides
 * nothing: what `fetch` rejects with comes out unchanged.
 * @throws needs_sign_in and everything else that `upstream.fetch` throws, unreachable
 */
export async function detectServerEra(upstream: Upstream): Promise<ServerEra> {
  return (await detect(upstream)).era;
}

/** As `detectServerEra`, with what a modern server said of itself. */
export async function detect(asked: Upstream): Promise<Detected> {
  const upstream = serverOf(asked);
  const now = upstream.clock.now();
  const known = remembered.get(upstream);
  if (known !== undefined && now - known.at < horizon) return known.verdict;
  const stored = known === undefined ? upstream.era.get() : null;
  if (stored !== null && stored !== 'modern') return { era: stored };
  const entry = { verdict: probe(upstream), at: now };
  remembered.set(upstream, entry);
  try {
    const verdict = await entry.verdict;
    upstream.era.set(verdict.era);
    return verdict;
  } catch (error) {
    if (remembered.get(upstream) === entry) remembered.delete(upstream);
    throw error;
  }
}

/** Not an agent's view of it, which may end before the answer that others wait for, too. */
const serverOf = (upstream: Upstream): Upstream => upstream.base ?? upstream;

/** For when a modern server answers as none would: the next that asks for its era has it probed. */
export function doubtEra(upstream: Upstream): void {
  remembered.delete(serverOf(upstream));
}

/** A modern server's word of itself is taken for this long: one that was upgraded may offer more. */
const freshness = 5 * 60_000;

/** As `detect`, with what the server says of itself not older than some minutes: for an agent that connects now. */
export async function detectAfresh(upstream: Upstream): Promise<Detected> {
  const detected = await detect(upstream);
  const at = remembered.get(serverOf(upstream))?.at ?? Infinity;
  const stale = detected.era === 'modern' && upstream.clock.now() - at > freshness;
  return stale ? detectAgain(upstream) : detected;
}

/** Asks the server again whatever was believed: for when it contradicts the verdict. */
export async function detectAgain(upstream: Upstream): Promise<Detected> {
  remembered.set(serverOf(upstream), { verdict: Promise.resolve({ era: 'legacy' }), at: -Infinity });
  return detect(upstream);
}

async function probe(upstream: Upstream): Promise<Detected> {
  let status: number | null = null;
  let speaksJsonRpc = false;
  let refused: unknown = null;
  const answering = bounded(upstream.fetch, largestAnswer);
  const transport = new StreamableHTTPClientTransport(upstream.url, {
    fetch: async (input, init) => {
      try {
        const response = await answering(input, init);
        status = response.status;
        if (response.ok) return response;
        const text = await response.text();
        speaksJsonRpc = isJsonRpc(text);
        return new Response(text, { status: response.status, headers: response.headers });
      } catch (error) {
        refused = error;
        throw error;
      }
    },
  });
  const client = new Client(
    { name: 'tokentray', version: '1' },
    { versionNegotiation: { mode: { pin: modernVersion }, probe: { timeoutMs: patience } } },
  );
  try {
    await client.connect(transport);
    return { era: 'modern', discover: asObject(client.getDiscoverResult()) };
  } catch (error) {
    if (refused !== null) throw refused;
    if (status === null || status >= 500 || undecided.has(status) || !isVerdict(error)) {
      throw new TokentrayError('unreachable', 'the server did not say which protocol revision it speaks', {
        attempted: 'find out which protocol revision the server speaks',
        advice: 'Check the address of the server, or try again later.',
        ...(status === null ? {} : { facts: { status } }),
        cause: error,
      });
    }
    return { era: !speaksJsonRpc && (await isEventStreamOnly(upstream, status)) ? 'legacy-sse' : 'legacy' };
  } finally {
    await client.close().catch(() => {});
  }
}

/**
 * A pinned connect that was answered, but not as a modern server answers, is the legacy verdict; so is a refusal
 * that names earlier revisions. A server that speaks only revisions after ours is neither.
 */
function isVerdict(error: unknown): boolean {
  if (error instanceof UnsupportedProtocolVersionError) return error.supported.some((version) => !isModern(version));
  return error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed;
}

function isJsonRpc(text: string): boolean {
  try {
    return asObject(JSON.parse(text))['jsonrpc'] === '2.0';
  } catch {
    return false;
  }
}

/**
 * Whether a GET opens the stream of 2024-11-05, whose first event is `endpoint`. Asked only where the POST was
 * refused as that transport refuses it (2026-07-28 streamable-http, HTTP+SSE Transport).
 */
async function isEventStreamOnly(upstream: Upstream, status: number): Promise<boolean> {
  if (status !== 400 && status !== 404 && status !== 405) return false;
  const abort = new AbortController();
  const cancel = upstream.clock.after(silence, () => abort.abort());
  try {
    const response = await upstream.fetch(upstream.url, {
      headers: { accept: 'text/event-stream' },
      signal: abort.signal,
    });
    if (!response.ok || response.body === null) return false;
    if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) return false;
    return await opensWithEndpoint(response.body);
  } catch (error) {
    if (abort.signal.aborted) return false;
    throw error;
  } finally {
    cancel();
    abort.abort();
  }
}

async function opensWithEndpoint(body: ReadableStream<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const { kind } = beginningOf(text);
    if (kind !== 'unfinished') return kind === 'endpoint';
  }
  return false;
}
