// How one era says what the other says differently: what a server can do, and the shape of a result.
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/client';
import type { JsonObject, KnownServer, Upstream } from './types.ts';
import { asObject, asText, codes, meta, modernVersion, without } from './wire.ts';
import type { Failure, Outcome } from './wire.ts';

/** The newest revision of the handshake eras; an agent that asks for one we know gets that one. */
const newestHandshake = '2025-11-25';

export function agreedVersion(requested: unknown): string {
  return typeof requested === 'string' && SUPPORTED_PROTOCOL_VERSIONS.includes(requested) ? requested : newestHandshake;
}

/** What a server said of itself, from an `initialize` or a `server/discover` result. */
export function describe(said: JsonObject): KnownServer {
  const serverInfo = asObject(asObject(said['_meta'])[meta.serverInfo] ?? said['serverInfo']);
  const instructions = asText(said['instructions']);
  return {
    capabilities: asObject(said['capabilities']),
    ...(Object.keys(serverInfo).length === 0 ? {} : { serverInfo }),
    ...(instructions === undefined ? {} : { instructions }),
  };
}

const nameless = (upstream: Upstream): JsonObject => ({ name: upstream.name, version: 'unknown' });

/** What may be said of a server that nobody has spoken to: everything, and that all of it may change. */
const unseen: JsonObject = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  logging: {},
  completions: {},
};

/** Of a server that is not reached yet: what is known, and always that the lists will change. */
export function beforeReached(known: KnownServer | null): KnownServer {
  if (known?.capabilities === undefined) return { ...known, capabilities: unseen };
  const changing = (name: string): JsonObject =>
    known.capabilities?.[name] === undefined
      ? {}
      : { [name]: { ...asObject(known.capabilities[name]), listChanged: true } };
  return {
    ...known,
    capabilities: {
      ...known.capabilities,
      ...changing('prompts'),
      ...changing('resources'),
      tools: { ...asObject(known.capabilities['tools']), listChanged: true },
    },
  };
}

/** The result of `initialize` for an old agent. */
export function initializeResult(upstream: Upstream, server: KnownServer, requested: unknown): JsonObject {
  return {
    protocolVersion: agreedVersion(requested),
    capabilities: server.capabilities ?? {},
    serverInfo: server.serverInfo ?? nameless(upstream),
    ...(server.instructions === undefined ? {} : { instructions: server.instructions }),
  };
}

/** The result of `server/discover` for a new agent; not to be cached, since an old server may change it any time. */
export function discoverResult(upstream: Upstream, server: KnownServer): JsonObject {
  return {
    resultType: 'complete',
    supportedVersions: [modernVersion],
    capabilities: without(server.capabilities ?? {}, 'tasks'),
    ...(server.instructions === undefined ? {} : { instructions: server.instructions }),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [meta.serverInfo]: server.serverInfo ?? nameless(upstream) },
  };
}

const cacheable = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** An old server's result as the new schema has it. */
export function toModernResult(method: string, result: JsonObject): JsonObject {
  return {
    resultType: 'complete',
    ...(cacheable.has(method) ? { ttlMs: 0, cacheScope: 'private' } : {}),
    ...result,
  };
}

/** An old server's error; codes that belong to the old revisions MUST NOT appear in the new one (basic, Error Codes). */
export function toModernError(error: Failure): Failure {
  return error.code === codes.resourceNotFound ? { ...error, code: codes.invalidParams } : error;
}

/**
 * A new server's result as the old schemas have it: without the members that are the new revision's own. Old agents
 * check that an output schema and structured content are objects, so what is not one is wrapped or left out.
 */
export function toOldResult(method: string, result: JsonObject): JsonObject {
  const complete = result['resultType'] === 'complete' ? without(result, 'resultType') : result;
  const old = cacheable.has(method) ? without(complete, 'ttlMs', 'cacheScope') : complete;
  return method === 'tools/call' ? withObjectContent(old) : old;
}

/** A list of tools as the old schemas have it; apart from the rest, for the guard has to see tools as the server has them. */
export function toOldTools(result: JsonObject): JsonObject {
  const { tools } = result;
  if (!Array.isArray(tools)) return result;
  return { ...result, tools: tools.map((tool: unknown) => withObjectOutput(asObject(tool))) };
}

function withObjectOutput(tool: JsonObject): JsonObject {
  const schema = tool['outputSchema'];
  return schema === undefined || asObject(schema)['type'] === 'object' ? tool : without(tool, 'outputSchema');
}

function withObjectContent(result: JsonObject): JsonObject {
  const value = result['structuredContent'];
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (value === undefined || isObject) return result;
  const content = Array.isArray(result['content']) && result['content'].length > 0;
  return {
    ...result,
    structuredContent: { result: value },
    ...(content ? {} : { content: [{ type: 'text', text: JSON.stringify(value) }] }),
  };
}

export function mapResult(outcome: Outcome, change: (result: JsonObject) => JsonObject): Outcome {
  return 'result' in outcome ? { result: change(outcome.result) } : outcome;
}

/** The levels of RFC 5424 as MCP names them, the wordiest first. */
const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
export const severity = (level: unknown): number => levels.indexOf(String(level));

/** Whether an agent said that it can show a link (2025-11-25 and 2026-07-28 elicitation, Capabilities). */
export const showsLinks = (capabilities: JsonObject): boolean =>
  asObject(capabilities['elicitation'])['url'] !== undefined;
