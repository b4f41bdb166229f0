// `Mcp-Param-*` on the forward path, where headers go on as they came: a server that goes by them alone is told nothing else
// than what the rules have judged and the person has seen in the body (2026-07-28 streamable-http, Server Validation).
import type { IncomingMessage } from 'node:http';
import { quote } from '../quote.ts';
import type { Fault } from './listener-fault.ts';
import { isModern } from './eras.ts';
import { idsOf } from './incoming.ts';
import type { ReadMessages } from './incoming.ts';
import { declaredBy, ModernServer } from './relay/modern-server.ts';
import { paramHeader, paramsDisagree, type Declaration } from './relay/param-headers.ts';
import { defaultLimits, type GuardedUpstream } from './relay/types.ts';
import { asText, codes, fail, isCall, meta, metaOf } from './relay/wire.ts';
import type { Call, Id } from './relay/wire.ts';

/**
 * Why a request goes no further; null: it does. What its tool declares is known from a list that passed, or the server is
 * asked for it: no header is let through by its looks. @throws as `ModernServer.declared`
 */
export async function paramFault(
  req: IncomingMessage,
  body: ReadMessages | null,
  upstream: GuardedUpstream,
  signal: AbortSignal,
): Promise<Fault | null> {
  const headers = paramHeadersOf(req);
  if (typeof headers === 'string') return fault(headers, idsOf(body?.messages ?? [])[0]);
  const [stray] = headers.keys();
  if (body === null) return stray === undefined ? null : fault(`The header ${paramHeader(stray)} is of no call.`);
  for (const message of body.messages) {
    const id = isCall(message) ? message.id : null;
    if (!isCall(message) || message.method !== 'tools/call') {
      if (stray !== undefined) return fault(`The header ${paramHeader(stray)} is of no call.`, id);
      continue;
    }
    const modern = isModern(asText(metaOf(message)[meta.protocolVersion]));
    const declared = await declarationsOf(message, upstream, { asks: modern && stray !== undefined, signal });
    if (declared === null && stray !== undefined) {
      return fault(`The header ${paramHeader(stray)} cannot be checked: the tool ${nameIn(message)} is not known.`, id);
    }
    const because = paramsDisagree(declared ?? [], message.params?.['arguments'], headers, modern);
    if (because !== null) return fault(because, id);
  }
  return null;
}

async function declarationsOf(
  call: Call,
  upstream: GuardedUpstream,
  { asks, signal }: { readonly asks: boolean; readonly signal: AbortSignal },
): Promise<readonly Declaration[] | null> {
  const known = declaredBy(upstream, asText(call.params?.['name']) ?? '');
  if (known !== undefined) return known.declarations;
  // Nothing is asked of a server for an agent that nobody has allowed.
  if (!asks || !upstream.guard.open()) return null;
  return (await new ModernServer(upstream, defaultLimits).declared(call, { signal }))?.declarations ?? null;
}

const nameIn = ({ params }: Call): string => quote(params?.['name'], 80);

const prefix = 'mcp-param-';

/** By what comes behind the prefix; a sentence where some server would read other headers than these. */
function paramHeadersOf({ rawHeaders }: IncomingMessage): ReadonlyMap<string, string> | string {
  const headers = new Map<string, string>();
  const alike = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    // To some (RFC 3875) an underscore is the same as a dash. Tools may declare names with either.
    const dashed = name.replaceAll('_', '-');
    if (!dashed.startsWith(prefix)) continue;
    if (alike.has(dashed) || !name.startsWith(prefix))
      return `The header ${paramHeader(dashed.slice(prefix.length))} is there more than once, or by two names.`;
    alike.add(dashed);
    headers.set(name.slice(prefix.length), rawHeaders[at + 1] ?? '');
  }
  return headers;
}

const fault = (because: string, id: Id | null = null): Fault => ({
  status: 400,
  answer: { jsonrpc: '2.0', id, ...fail(codes.headerMismatch, because) },
});
