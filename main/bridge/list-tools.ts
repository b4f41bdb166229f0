// A server's tools as it lists them to the broker itself, whichever era it speaks: for judging a call of a tool that no agent had listed.
import type { ToolsRead } from '../access/listings.ts';
import { isTokentrayError } from '../errors.ts';
import { detect } from './eras.ts';
import { withoutLookAlikes } from './look-alikes.ts';
import { Refused } from './relay/channel.ts';
import { ModernServer } from './relay/modern-server.ts';
import { OldServer } from './relay/old-server.ts';
import { defaultLimits } from './relay/types.ts';
import type { JsonObject, ServerEra, Upstream } from './relay/types.ts';
import { asText, call, codes, meta, modernVersion } from './relay/wire.ts';
import type { Call, Reply } from './relay/wire.ts';
import { until } from './until.ts';

/** An agent's call waits for it; a person may be signing in meanwhile, where the browser opens by itself. */
const patienceMs = 2 * 60_000;
const mostPages = 50;
const clientInfo = { name: 'tokentray', version: '1' };

/**
 * All pages. `unreadable` where the server answers, but with no list that could be read in time.
 * @throws needs_sign_in, paused, locked, and what says that the server cannot be reached
 */
export async function listTools(upstream: Upstream): Promise<ToolsRead> {
  const late = new AbortController();
  const stop = upstream.clock.after(patienceMs, () => late.abort());
  const tooLate = new Promise<ToolsRead>((resolve) => {
    late.signal.addEventListener('abort', () => resolve({ kind: 'unreadable' }), { once: true });
  });
  try {
    return await Promise.race([
      read({ ...upstream, base: upstream, fetch: until(late.signal, upstream.fetch) }),
      tooLate,
    ]);
  } catch (error) {
    if (hasAnswered(error)) return { kind: 'unreadable' };
    throw error;
  } finally {
    stop();
  }
}

async function read(upstream: Upstream): Promise<ToolsRead> {
  const { era } = await detect(upstream);
  if (era !== 'modern') return readInSession(upstream, era);
  const server = new ModernServer(upstream, defaultLimits);
  const stated = {
    [meta.protocolVersion]: modernVersion,
    [meta.clientInfo]: clientInfo,
    [meta.clientCapabilities]: {},
  };
  return allPages((params) => server.request(list({ ...params, _meta: stated })));
}

async function readInSession(upstream: Upstream, era: ServerEra): Promise<ToolsRead> {
  const server = await OldServer.open({
    upstream,
    limits: defaultLimits,
    era,
    initialize: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
    onMessage: () => undefined,
  });
  try {
    await server.initialized();
    return await allPages((params) => server.request(list(params)));
  } finally {
    void server.close();
  }
}

const list = (params: JsonObject): Call => call(`tokentray-list-${crypto.randomUUID()}`, 'tools/list', params);

async function allPages(ask: (params: JsonObject) => Promise<Reply>): Promise<ToolsRead> {
  const pages = [];
  let cursor: string | undefined;
  while (pages.length < mostPages) {
    const answer = await ask(cursor === undefined ? {} : { cursor });
    // A server that has no tools knows no such method.
    if ('error' in answer && answer.error.code === codes.methodNotFound) return { kind: 'listed', pages };
    if (!('result' in answer)) return { kind: 'unreadable' };
    const { tools, nextCursor } = withoutLookAlikes(answer.result, 'tools');
    if (!Array.isArray(tools)) return { kind: 'unreadable' };
    const next = asText(nextCursor);
    pages.push({ tools: tools as readonly unknown[], cursor, next });
    if (next === undefined) return { kind: 'listed', pages };
    cursor = next;
  }
  return { kind: 'unreadable' };
}

/** Whether it was there, and said something else than a list: a call may still work then. */
function hasAnswered(error: unknown): boolean {
  if (error instanceof Refused) return true;
  if (isTokentrayError(error, 'unreachable')) return typeof error.facts['status'] === 'number';
  return isTokentrayError(
    error,
    'protocol_error',
    'response_too_large',
    'unreadable_answer',
    'insufficient_scope',
    'step_up_declined',
  );
}
