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
  if (body === null) {
    return hasBody(req.headers) ? fault(codes.invalidRequest, 'Only a POST has a body here.') : null;
  }
  return body.kind === 'refused' ? fault(body.code, body.because) : mirroredFault(req, body);
}

const fault = (code: number, because: string, id: unknown = null): Fault => ({
  status: 400,
  answer: { jsonrpc: '2.0', id, ...fail(code, because) },
});

/** A server that goes by the headers, or reads another alphabet, would read something else than was read here. */
function mirroredFault(req: IncomingMessage, body: ReadMessages): Fault | null {
  const types = req.headersDistinct['content-type'] ?? [];
  const charsets = types.flatMap((type) => /;\s*charset\s*=\s*"?([^";\s]*)/iu.exec(type)?.[1] ?? []);
  if (types.length > 1 || charsets.some((charset) => charset.toLowerCase() !== 'utf-8')) {
    return fault(codes.invalidRequest, 'The body has to be application/json in UTF-8.');
  }
  const repeated = ['mcp-method', 'mcp-name', 'mcp-protocol-version'].find(
    (name) => (req.headersDistinct[name]?.length ?? 0) > 1,
  );
  if (repeated !== undefined) {
    return fault(codes.headerMismatch, `The header ${repeated} is there more than once.`);
  }
  const said = (name: string): string | undefined => req.headersDistinct[name]?.[0];
  const headers = { method: said('mcp-method'), name: said('mcp-name'), version: said('mcp-protocol-version') };
  for (const message of body.messages) {
    const because = headersDisagree(headers, asObject(message));
    if (because !== null) return fault(codes.headerMismatch, because, asObject(message)['id'] ?? null);
  }
  return null;
}
