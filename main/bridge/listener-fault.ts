// Why a request goes to no server at all: nobody could say what it asks for, or headers and body say different things.
import type { IncomingMessage } from 'node:http';
import { headersDisagree } from '../access/message.ts';
import { hasBody } from './hop-by-hop.ts';
import type { Incoming, ReadMessages } from './incoming.ts';
import { asObject, codes, fail } from './relay/wire.ts';

export interface Fault {
  readonly status: number;
  /** A JSON-RPC error. */
  readonly answer: unknown;
}

/** @param body null: the method has none */
export function faultOf(req: IncomingMessage, body: Incoming | null): Fault | null {
  const repeated = repeatedOf(req);
  if (repeated !== null)
    return fault(codes.headerMismatch, `The header ${repeated} is there more than once, or by two names.`);
  if (body === null) {
    return hasBody(req.headers) ? fault(codes.invalidRequest, 'Only a POST has a body here.') : null;
  }
  const recoded = recodedFault(req);
  if (recoded !== null) return recoded;
  return body.kind === 'refused' ? fault(body.code, body.because) : mirroredFault(req, body);
}

const fault = (code: number, because: string, id: unknown = null): Fault => ({
  status: 400,
  answer: { jsonrpc: '2.0', id, ...fail(code, because) },
});

const single = new Set(['mcp-method', 'mcp-name', 'mcp-protocol-version', 'mcp-session-id', 'last-event-id']);

/** Servers differ in which of two they take; and to some (RFC 3875) an underscore is the same as a dash. */
function repeatedOf({ rawHeaders }: IncomingMessage): string | null {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase().replaceAll('_', '-');
    if (!single.has(name)) continue;
    if (seen.has(name) || rawHeaders[at]?.includes('_') === true) return name;
    seen.add(name);
  }
  return null;
}

/** Without parameters but the one charset that JSON has: whatever else is there, some server reads another alphabet from it. */
const plainType = /^[^;]*(?:;\s*charset\s*=\s*(?:utf-8|"utf-8")\s*)?;?\s*$/iu;

/** The body is read here as it came, in UTF-8; a server that decodes it in another way would read something else. */
function recodedFault({ headersDistinct }: IncomingMessage): Fault | null {
  const types = headersDistinct['content-type'] ?? [];
  const codings = headersDistinct['content-encoding'] ?? [];
  if (types.length > 1 || !types.every((type) => plainType.test(type))) {
    return fault(codes.invalidRequest, 'The body has to be application/json in UTF-8.');
  }
  return codings.every((coding) => coding.trim().toLowerCase() === 'identity')
    ? null
    : fault(codes.invalidRequest, 'The body has to come without a content coding.');
}

/** A server that goes by the headers would read something else than was read here. */
function mirroredFault(req: IncomingMessage, body: ReadMessages): Fault | null {
  const said = (name: string): string | undefined => req.headersDistinct[name]?.[0];
  const headers = { method: said('mcp-method'), name: said('mcp-name'), version: said('mcp-protocol-version') };
  for (const message of body.messages) {
    const because = headersDisagree(headers, asObject(message));
    if (because !== null) return fault(codes.headerMismatch, because, asObject(message)['id'] ?? null);
  }
  return null;
}
