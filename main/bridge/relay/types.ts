// What the relay needs of a server and gives to the bridge: the agreements between the relay and those who start it.
import type { Guard } from '../../access/types.ts';
import type { Clock, Fetch, Log } from '../../ports.ts';
import type { Admissions } from '../admissions.ts';
import type { Incoming } from '../incoming.ts';

/**
 * What a server was found to speak: `modern` is stateless (from 2026-07-28), `legacy` opens with `initialize` over
 * Streamable HTTP (2025-03-26 to 2025-11-25), `legacy-sse` is HTTP+SSE (2024-11-05).
 */
export type ServerEra = 'modern' | 'legacy' | 'legacy-sse';

export type AgentEra = 'modern' | 'legacy';

/** What is known of a server from an earlier connection, for answering before anybody has signed in. */
export interface KnownServer {
  readonly serverInfo?: JsonObject;
  readonly capabilities?: JsonObject;
  readonly instructions?: string;
  readonly tools?: readonly JsonObject[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** One remote MCP server as the relay sees it; shared by every agent that talks to it. */
export interface Upstream {
  /** Of one agent's view: the server itself. What is learnt of a server is learnt for all. */
  readonly base?: Upstream;
  readonly name: string;
  readonly url: URL;
  /**
   * Sends a request with credentials; refreshes on 401, steps up on 403, follows no redirect.
   * @throws needs_sign_in, insufficient_scope, step_up_declined, token_unavailable, unreachable
   */
  readonly fetch: Fetch;
  /** As `fetch`, for one session over HTTP+SSE (2024-11-05): it posts to the address that the stream names, too. */
  readonly eventStreamFetch: () => Fetch;
  /** The verdict of an earlier probe; null when there is none or it is too old to be believed. */
  readonly era: { get(): ServerEra | null; set(era: ServerEra): void };
  readonly signIn: {
    /** True when a grant is connected, or the server wants none. */
    ready(): boolean;
    /** A one-time local address where the person can sign in. */
    link(): Promise<string>;
    /** Called each time that the server becomes ready; the returned function ends it. */
    onReady(listener: () => void): () => void;
  };
  readonly known: { get(): KnownServer | null; set(known: KnownServer): void };
  readonly log: Log;
  readonly clock: Clock;
}

/** A server as one agent may use it. Whatever is sent to it for this agent ends when the agent is shut out. */
export interface GuardedUpstream extends Upstream {
  readonly guard: Guard;
  readonly admissions: Admissions;
  readonly access: {
    /** True when the agent is allowed and the server is ready: only then is it reached without anybody being asked. */
    open(): boolean;
    /** Called each time that this becomes so; the returned function ends it. */
    onOpen(listener: () => void): () => void;
    /** Has the person asked about an agent that only looks so far, and is answered without waiting for them. */
    want(method: string, params: JsonObject): void;
  };
}

/** Bounds of one agent's connection. */
export interface RelayLimits {
  /** Bytes of one message in either direction. */
  readonly messageBytes: number;
  /** Requests of one agent that may wait for their answers at once. */
  readonly pendingRequests: number;
  /** Milliseconds without a word from the server after which a request is given up. */
  readonly requestSilence: number;
  /** Milliseconds that a call of an old server is kept open while a new agent gathers the input it asked for. */
  readonly inputWait: number;
  /** Milliseconds that a call waits for the person to finish signing in once they were shown the link. */
  readonly signInWait: number;
  /** Milliseconds after which a session with an old server that nobody uses is ended. */
  readonly idleSession: number;
  /** Sessions that are held at once for the agents of one server. */
  readonly sessions: number;
  /** Of these, for one agent. */
  readonly sessionsPerAgent: number;
  /** Calls of one agent that may wait for its input at once. */
  readonly parkedCalls: number;
}

export const defaultLimits: RelayLimits = {
  messageBytes: 32 * 1024 * 1024,
  pendingRequests: 1000,
  requestSilence: 60 * 60_000,
  inputWait: 10 * 60_000,
  signInWait: 5 * 60_000,
  idleSession: 5 * 60_000,
  sessions: 256,
  sessionsPerAgent: 64,
  parkedCalls: 64,
};

export interface RelayOptions {
  readonly limits?: Partial<RelayLimits>;
  /** Told of each request of the agent, and of what it called itself in it, if anything. */
  readonly onCall?: (client: { readonly name: string; readonly version: string | null } | null) => void;
}

export interface RelaySession {
  /** Resolves when the agent's stream has ended and everything held for it is released. Never rejects. */
  readonly done: Promise<void>;
  close(): Promise<void>;
}

export interface HttpRelay {
  /** Serves one HTTP request of an agent: what one agent opened, no other can reach. */
  handle(request: Request, asks: HttpAgent): Promise<Response>;
  /** Whether the relay gave out this `Mcp-Session-Id`. */
  owns(sessionId: string): boolean;
  /** Ends everything that is open for one agent's view of the server. */
  end(upstream: GuardedUpstream): Promise<void>;
  close(): Promise<void>;
}

/** Who asks, and how they see the server. */
export interface HttpAgent {
  readonly agent: string;
  readonly upstream: GuardedUpstream;
  /** The body, where it was read already. */
  readonly body?: Incoming;
}
