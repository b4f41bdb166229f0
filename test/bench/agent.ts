// The agent of the benchmark: one tool call over and over, in either era, checked each time. Leaner than any SDK on
// purpose: what the agent itself costs is the same on every path, and the more it is, the smaller every difference looks.
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/client';

/** `old`: the handshake era, as 2025-11-25. `new`: stateless, 2026-07-28. */
export type Era = 'old' | 'new';
export type Json = Readonly<Record<string, unknown>>;

/** How messages get to the other side. */
export interface Wire {
  /** Resolves with the `result`. @throws when the answer is an error, or none comes */
  ask(method: string, params: Json): Promise<Json>;
  notify(method: string): Promise<void>;
  close(): Promise<void>;
}

export interface Agent {
  /** One `tools/call` of `echo`. @throws when the answer is anything but what was sent */
  call(): Promise<void>;
  close(): Promise<void>;
}

export const protocolVersions = { old: '2025-11-25', new: '2026-07-28' } as const;

/** About what a short tool call carries. */
const said = 'All of it comes back as it went, or the call does not count. '.repeat(4);
const echo = { name: 'echo', arguments: { text: said } };
const clientInfo = { name: 'bench', version: '1.0.0' };
const stamp = {
  [PROTOCOL_VERSION_META_KEY]: protocolVersions.new,
  [CLIENT_INFO_META_KEY]: clientInfo,
  [CLIENT_CAPABILITIES_META_KEY]: {},
};

/** Says hello in the way of the era; resolves when that was answered. */
export async function openAgent(era: Era, wire: Wire): Promise<Agent> {
  if (era === 'old') {
    const { protocolVersion } = await wire.ask('initialize', {
      protocolVersion: protocolVersions.old,
      capabilities: {},
      clientInfo,
    });
    if (protocolVersion !== protocolVersions.old) throw new Error('the handshake ended in another revision');
    await wire.notify('notifications/initialized');
  } else {
    await wire.ask('server/discover', { _meta: stamp });
  }
  const params = paramsOf(era, echo);
  return {
    call: async () => {
      const result = await wire.ask('tools/call', params);
      const [first] = Array.isArray(result['content']) ? (result['content'] as unknown[]) : [];
      const text = typeof first === 'object' && first !== null && 'text' in first ? first.text : null;
      if (text !== said) throw new Error(`echo answered ${JSON.stringify(result).slice(0, 300)}`);
    },
    close: () => wire.close(),
  };
}

/** As a request of the era has them. */
export const paramsOf = (era: Era, params: Json): Json => (era === 'old' ? params : { ...params, _meta: stamp });

/** @throws when the message is an error */
export function resultOf(method: string, message: unknown): Json {
  const result = typeof message === 'object' && message !== null && 'result' in message ? message.result : null;
  if (typeof result !== 'object' || result === null) {
    throw new Error(`${method} was answered with ${JSON.stringify(message).slice(0, 300)}`);
  }
  return result as Json;
}
