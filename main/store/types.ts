// The rows of the store. No row has a place for a secret; the vault holds those under the same ids.
import type { ClientAuthMethod, Flow } from '../oauth/types.ts';

/** A server that the user added, under the name that the CLI, the bridge's path and mcp.json use. */
export interface ServerRow {
  /** Lower-case letters, digits and dashes, at most 64 characters; unique. */
  readonly name: string;
  readonly url: string;
  readonly addedAt: number;
  readonly settings: ServerSettings;
}

export interface ServerSettings {
  /** `auto` opens the browser by itself when an agent needs a grant. */
  readonly signIn: 'ask' | 'auto';
  readonly flow: Flow['kind'];
  /** Asked for whatever the server says; null: as discovered. */
  readonly pinnedScopes: readonly string[] | null;
  readonly removedScopes: readonly string[];
  /** The issuer that the user chose where the resource names several. */
  readonly chosenIssuer: string | null;
  /** The user's word that plain http is acceptable for this server. */
  readonly allowHttp: boolean;
  /** The protocol era that the server was last seen to speak, and when that was. */
  readonly era: { readonly kind: 'modern' | 'legacy' | 'legacy-sse'; readonly seenAt: number } | null;
}

export interface RegistrationRow {
  readonly id: string;
  readonly issuer: string;
  readonly kind: 'pre-registered' | 'cimd' | 'dcr';
  readonly client_id: string;
  readonly token_endpoint_auth_method: ClientAuthMethod;
  readonly signing_alg: string | null;
  readonly redirect_uris: readonly string[];
  readonly client_secret_expires_at: number | null;
  readonly registered_at: number;
  /** Set when the server no longer knew this client and a newer registration took over. */
  readonly replaced_at: number | null;
  /** Whether the vault holds a client secret or a private key under this id. */
  readonly hasSecret: boolean;
}

export interface GrantRow {
  readonly id: string;
  readonly server: string;
  readonly account: string;
  readonly resource: string | null;
  readonly issuer: string;
  readonly registrationId: string;
  readonly requestedScopes: readonly string[];
  readonly grantedScopes: readonly string[];
  readonly createdAt: number;
  readonly refreshedAt: number | null;
  /** Of the newest access token; null: not said by the server. */
  readonly accessTokenExpiresAt: number | null;
  readonly hasRefreshToken: boolean;
  /** Null while the grant lives. */
  readonly endedAt: number | null;
  readonly endedBecause: string | null;
}

/** One line of a grant's history: a sign-in, a refresh, a failure, a step-up. Never a token. */
export interface EventRow {
  readonly id: number;
  readonly at: number;
  readonly server: string | null;
  readonly grantId: string | null;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AgentRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the agent key, hex. The key itself is shown once and not kept. */
  readonly keyHash: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

/** That an agent used a server, from first to last. Over stdio the agent's name is its own word. */
export interface UseRow {
  readonly server: string;
  readonly agent: string;
  readonly via: 'http' | 'stdio';
  readonly firstAt: number;
  readonly lastAt: number;
}

/** A discovery document as it was fetched, until when it may be used. */
export interface CachedDocument {
  readonly url: string;
  readonly body: string;
  readonly fetchedAt: number;
  readonly expiresAt: number;
}

/** Everything but secrets. Synchronous: SQLite on the same machine. @throws store_damaged, store_full */
export interface Store {
  servers: {
    list(): ServerRow[];
    get(name: string): ServerRow | null;
    /** @throws name_taken */
    add(row: ServerRow): void;
    update(name: string, settings: Partial<ServerSettings>): void;
    remove(name: string): boolean;
  };
  registrations: {
    forIssuer(issuer: string): RegistrationRow | null;
    history(issuer: string): RegistrationRow[];
    get(id: string): RegistrationRow | null;
    put(row: RegistrationRow): void;
    markReplaced(id: string, at: number): void;
    remove(id: string): boolean;
    /** How many there were. */
    drop(): number;
  };
  grants: {
    /** The living grant of a server and account; the newest ended one if none lives. */
    forServer(server: string, account?: string): GrantRow | null;
    list(): GrantRow[];
    get(id: string): GrantRow | null;
    put(row: GrantRow): void;
    remove(id: string): boolean;
  };
  agents: {
    list(): AgentRow[];
    byKeyHash(keyHash: string): AgentRow | null;
    /** @throws name_taken */
    add(row: AgentRow): void;
    touch(id: string, at: number): void;
    revoke(name: string, at: number): boolean;
    /** Removes living and revoked ones alike; gives how many there were. */
    drop(): number;
  };
  events: {
    /** Gives it as it was written. */
    append(event: Omit<EventRow, 'id'>): EventRow;
    list(filter: { server?: string; grantId?: string; kind?: string; limit?: number }): EventRow[];
    /** Newest first. `agent`: whom the detail names; `before`: older than the event of this id. */
    page(filter: { server?: string; agent?: string; kind?: string; before?: number; limit?: number }): EventRow[];
    /** Every server, agent and kind that some event names, in alphabetical order. */
    named(): { servers: string[]; agents: string[]; kinds: string[] };
    /** How many there were. */
    drop(): number;
  };
  uses: {
    list(server?: string): UseRow[];
    /** Null when there is no such server; else the use as it stands, and when the one before it was. */
    note(use: Pick<UseRow, 'server' | 'agent' | 'via'>, at: number): { use: UseRow; before: number | null } | null;
  };
  documents: {
    get(url: string): CachedDocument | null;
    put(document: CachedDocument): void;
    /** Drops what was cached for a server's origin or an issuer; all when no argument is given. */
    drop(urls?: readonly string[]): number;
  };
  settings: {
    get(key: string): string | null;
    set(key: string, value: string): void;
    drop(): void;
  };
  /** Runs `work` in one transaction: all of it or none. */
  transaction<T>(work: () => T): T;
  close(): void;
}
