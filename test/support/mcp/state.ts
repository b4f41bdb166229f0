// What a test MCP server remembers across requests and sessions, whatever era it speaks.
import { createRequestStateCodec } from '@modelcontextprotocol/server';
import { deferred } from '../deferred.ts';

export type Changeable = 'tools' | 'prompts' | 'resources';

export interface Cancelled {
  readonly at: number;
  readonly tool: string;
  /** The JSON-RPC id of the call, as this server saw it. */
  readonly id: string | number;
}

export interface ServerState {
  readonly era: 'modern' | 'legacy';
  /** What `note://today` says. */
  note: string;
  readonly added: Record<Changeable, number>;
  readonly cancelled: Cancelled[];
  /** Counts every tool run that began, by tool: a replayed call shows up here. */
  readonly calls: Record<string, number>;
  readonly codec: ReturnType<typeof createRequestStateCodec<{ round: number; secret: string }>>;
  /** Resolves when `release` is called the next time; slow calls without an end wait for it. */
  readonly released: () => Promise<void>;
  readonly release: () => void;
  /** Set by the host of the era: tells everybody who listens. */
  notifyListChanged: (kind: Changeable) => void;
  notifyUpdated: (uri: string) => void;
  changed: () => void;
}

export function createServerState(era: 'modern' | 'legacy', changed: () => void): ServerState {
  let waiting = deferred();
  return {
    era,
    note: 'nothing yet',
    added: { tools: 0, prompts: 0, resources: 0 },
    cancelled: [],
    calls: {},
    codec: createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) }),
    released: () => waiting.promise,
    release: () => {
      waiting.resolve();
      waiting = deferred();
    },
    notifyListChanged: () => {},
    notifyUpdated: () => {},
    changed,
  };
}
