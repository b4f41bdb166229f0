// What one agent's session is made of, so that it outlives a broker: what to say again, what to answer, what to keep quiet.

type Id = string | number;
interface Message {
  readonly id?: Id;
  readonly method?: string;
  readonly params?: { readonly requestId?: Id; readonly uri?: string };
}

export interface ShimSession {
  /** A line of the agent: true when it may go to the broker. */
  fromAgent(line: Buffer): boolean;
  /** A line of the broker: whether the agent gets it, and what is to be sent after it. */
  fromBroker(line: Buffer): { readonly pass: boolean; readonly next: readonly Buffer[] };
  /** The stream broke: what the agent is told instead of silence. */
  broken(): Buffer[];
  /** What a new stream must hear first. While `replaying()`, the agent's own lines wait. */
  replay(): Buffer[];
  replaying(): boolean;
  /** Whether the agent still waits for an answer. */
  busy(): boolean;
}

/** Requests whose effect lasts as long as the session; the last one of each key is said again. */
const lasting: Readonly<Record<string, (message: Message) => string>> = {
  'logging/setLevel': () => 'level',
  'resources/subscribe': (message) => `resource ${message.params?.uri}`,
};

export function createShimSession(): ShimSession {
  let initialize: { readonly id: string; readonly line: Buffer; answered: boolean } | null = null;
  let initialized: Buffer | null = null;
  const kept = new Map<string, Message>();
  const inFlight = new Map<string, Id>();
  /** Requests of the broker that the agent has not answered: on this stream, and on none after it. */
  const asked = new Map<string, Id>();
  /** Ids of what was said again: their answers are nobody's. */
  const swallow = new Set<string>();
  let awaiting: string | null = null;
  let replays = 0;

  const trackRequest = (message: Message, id: Id, line: Buffer) => {
    inFlight.set(key(id), id);
    if (message.method === 'initialize') initialize = { id: key(id), line, answered: false };
    const keep = message.method === undefined ? undefined : lasting[message.method];
    if (keep !== undefined) kept.set(keep(message), message);
    if (message.method === 'resources/unsubscribe') kept.delete(`resource ${message.params?.uri}`);
  };

  const again = (message: Message): Buffer => {
    const id = `tokentray-replay-${(replays += 1)}`;
    swallow.add(key(id));
    return toLine({ ...message, id });
  };

  return {
    fromAgent(line) {
      let pass = true;
      for (const message of parse(line)) {
        const { id, method } = message;
        if (method !== undefined && id !== undefined) trackRequest(message, id, line);
        else if (method === 'notifications/initialized') initialized = line;
        else if (method === 'notifications/cancelled') {
          // A cancelled request gets no answer (MCP, cancellation), so none is owed when the stream breaks.
          const cancelled = message.params?.requestId;
          if (cancelled !== undefined) inFlight.delete(key(cancelled));
        } else if (method === undefined && id !== undefined) {
          // An answer to a broker that is gone means nothing to its successor.
          pass = asked.delete(key(id)) && pass;
        }
      }
      return pass;
    },

    fromBroker(line) {
      let pass = true;
      let next: Buffer[] = [];
      for (const message of parse(line)) {
        const { id, method } = message;
        if (id === undefined) continue;
        if (method !== undefined) {
          asked.set(key(id), id);
          continue;
        }
        if (swallow.delete(key(id))) pass = false;
        inFlight.delete(key(id));
        if (initialize?.id === key(id)) initialize.answered = true;
        if (awaiting === key(id)) {
          awaiting = null;
          next = initialized === null ? [] : [initialized, ...[...kept.values()].map(again)];
        }
      }
      return { pass, next };
    },

    broken() {
      const told: Buffer[] = [];
      for (const [name, id] of inFlight) {
        // A handshake in mid-air is simply made with the next broker.
        if (initialize?.id === name && !initialize.answered) continue;
        told.push(lost(id));
        inFlight.delete(name);
      }
      for (const id of asked.values()) {
        const params = { requestId: id, reason: 'the Tokentray broker restarted' };
        told.push(toLine({ method: 'notifications/cancelled', params }));
      }
      asked.clear();
      swallow.clear();
      awaiting = null;
      return told;
    },

    replay() {
      if (initialize === null) return [];
      awaiting = initialize.id;
      if (initialize.answered) swallow.add(initialize.id);
      return [initialize.line];
    },

    replaying: () => awaiting !== null,
    busy: () => inFlight.size > 0,
  };
}

/** The answer to a request that nobody is left to answer; the agent may ask again, knowing that it may have been done. */
function lost(id: Id): Buffer {
  const message =
    'the Tokentray broker restarted while this request was under way; it may or may not have been carried out';
  return toLine({ id, error: { code: -32000, message } });
}

const key = (id: Id): string => JSON.stringify(id);

const toLine = (message: object): Buffer => Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

/** The messages of a line: one, or a batch (2025-03-26). What is no JSON-RPC passes unseen: the broker will say so. */
function parse(line: Buffer): Message[] {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return [];
  }
  return (Array.isArray(value) ? value : [value]).filter(isMessage);
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const id = 'id' in value ? value.id : undefined;
  return id === undefined || typeof id === 'string' || typeof id === 'number';
}
