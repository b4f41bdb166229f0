// The rows of the store. No row has a place for a secret; the vault holds those under the same ids.
import type { ToolDefinition } from '../../preload/contract-access.ts';
import type { AgentView } from '../../preload/contract.ts';
import type { ApprovalRow, Pinning, ToolRules } from '../access/types.ts';
import type { ClientAuthMethod, Flow } from '../oauth/types.ts';
import type { AuditTable } from './audit.ts';
import type { IssuedTable } from './issued.ts';

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
  /** When it was first seen to answer a request without a token; null or absent: never, or it wants one since. */
  readonly openSince?: number | null | undefined;
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
  /** Who signed in, as the provider said and it could be checked; null: it did not say. */
  readonly identity: GrantIdentity | null;
  /** When the person wants it to end here, by the clock that never goes back; null: as the provider has it. */
  readonly endsAt: number | null;
}

/** A person at one provider: names to show, and the `sub` (with the issuer it is unique at) to compare. Never a token. */
export interface GrantIdentity {
  readonly issuer: string;
  readonly sub: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly preferred_username: string | null;
  readonly from: 'id-token' | 'userinfo';
}

/** Which account of a server an agent uses, or whatever works in a folder: exactly one of the two is there. */
export interface AccountPinRow {
  readonly server: string;
  readonly account: string;
  readonly agentId: string | null;
  readonly folder: string | null;
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
  /** Unique among those that are not revoked. */
  readonly name: string;
  /** Known by its key, by what the local authorization server issued to it, or on stdio by evidence. */
  readonly kind: 'key' | 'oauth' | 'stdio';
  /** SHA-256 of the agent key, hex; of `key` only. The key itself is shown once and not kept. */
  readonly keyHash: string | null;
  /** What an `oauth` or `stdio` agent is recognised by; unique among those of its kind that are not revoked. */
  readonly identity: string | null;
  /** The person said that it need not be asked about. */
  readonly trusted: boolean;
  /** Its own word, and what the broker found out: as the contract's agent has them. */
  readonly claimed: AgentView['claimed'];
  readonly checked: AgentView['checked'];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export type AgentChange = Partial<Pick<AgentRow, 'name' | 'keyHash' | 'trusted' | 'claimed' | 'checked'>>;

/** That an agent used a server, from first to last. Over stdio the agent's name is its own word. */
export interface UseRow {
  readonly server: string;
  readonly agent: string;
  readonly via: 'http' | 'stdio';
  readonly firstAt: number;
  readonly lastAt: number;
}

/** What holds for every agent of a server; `pinning` null: as the settings of the whole app say. */
export interface ServerRulesRow {
  readonly server: string;
  readonly rules: ToolRules;
  readonly pinning: Pinning | null;
}

/** One tool of one account of a server. */
export interface PinnedToolKey {
  readonly server: string;
  readonly account: string;
  readonly tool: string;
}

/** A definition without the words of it. */
export interface DefinitionHead {
  /** SHA-256 over all of it, hex. */
  readonly hash: string;
  readonly marked: 'read-only' | 'destructive' | 'unmarked';
  readonly length: number;
  /** More than one: the server defined it several times in one list, and not the same. */
  readonly copies: number;
}

export interface PinnedDefinition extends DefinitionHead {
  readonly parts: ToolDefinition;
}

export interface PinnedToolRow<D extends DefinitionHead = PinnedDefinition> extends PinnedToolKey {
  /** What the person agreed to; null: the tool is new. */
  readonly accepted: D | null;
  readonly acceptedAt: number | null;
  readonly seen: D;
  /** When it was first seen so; later than for what was seen before. */
  readonly seenAt: number;
}

export interface ServerRulesTable {
  get(server: string): ServerRulesRow | null;
  /** False when there is no such server. */
  put(row: ServerRulesRow): boolean;
}

export interface PinnedToolsTable {
  /** Of all accounts. `size`: how much room the seen definition takes. */
  heads(server: string): Array<PinnedToolRow<DefinitionHead> & { readonly size: number }>;
  list(server: string, account: string): PinnedToolRow[];
  /** Those of which some tool is known. */
  servers(): string[];
  /** What the server has now; the accepted one stays. False when there is no such server. */
  see(key: PinnedToolKey, seen: PinnedDefinition, seenAt: number): boolean;
  /** What is seen becomes what is accepted; false when it is not the one of `seenAt` any more. */
  accept(key: PinnedToolKey, seenAt: number, at: number): boolean;
  remove(key: PinnedToolKey): boolean;
  /** How many there were. */
  drop(server: string, account?: string): number;
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
    /** Of every issuer, the replaced ones too. */
    list(): RegistrationRow[];
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
    /** The accounts of a server that some grant was given to, whether it lives or not. */
    accounts(server: string): string[];
    get(id: string): GrantRow | null;
    put(row: GrantRow): void;
    remove(id: string): boolean;
  };
  accountPins: {
    list(server?: string): AccountPinRow[];
    /** Replaces what the agent or folder was pinned to at that server. @throws unknown_server, unknown_agent */
    put(row: AccountPinRow): void;
    /** False when there was none. */
    remove(pin: Omit<AccountPinRow, 'account'>): boolean;
  };
  agents: {
    list(): AgentRow[];
    get(id: string): AgentRow | null;
    byKeyHash(keyHash: string): AgentRow | null;
    byIdentity(kind: 'oauth' | 'stdio', identity: string): AgentRow | null;
    /** The one that is not revoked. */
    byName(name: string): AgentRow | null;
    /** Of those that are not revoked. */
    names(): string[];
    /** @throws name_taken */
    add(row: AgentRow): void;
    /** What is absent stays as it is; a revoked one stays as it was. False when there is none. @throws name_taken */
    change(id: string, change: AgentChange): boolean;
    touch(id: string, at: number): void;
    /** False when there is none, or it was revoked before. */
    revoke(id: string, at: number): boolean;
    /**
     * Removes the longest unused ones of a kind that nobody decided anything about, so that at most `keep` of those stay; `spare`
     * stay in any case. Gives the ids of those that went.
     */
    prune(kind: 'oauth' | 'stdio', keep: number, spare: readonly string[]): string[];
    /** Removes living and revoked ones alike; gives how many there were. */
    drop(): number;
  };
  approvals: {
    /** Newest first. */
    living(): ApprovalRow[];
    /** The living ones: one for each session, and one beside. */
    of(agentId: string, server: string, account: string): ApprovalRow[];
    get(id: string): ApprovalRow | null;
    /** Whether one that was decided so has ended because of that. */
    endedAs(agentId: string, server: string, account: string, decidedBy: string, because: string): boolean;
    add(row: ApprovalRow): void;
    /** False when it has ended. */
    change(id: string, to: Pick<ApprovalRow, 'rules' | 'until'>): boolean;
    /** True for exactly one caller. */
    end(id: string, at: number, because: string): boolean;
    /** How many there were. */
    forgetEndedBefore(at: number): number;
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
  audit: AuditTable;
  uses: {
    list(server?: string): UseRow[];
    /** Null when there is no such server; else the use as it stands, and when the one before it was. */
    note(use: Pick<UseRow, 'server' | 'agent' | 'via'>, at: number): { use: UseRow; before: number | null } | null;
    /** An agent is called something else now. Its uses as they stand then. */
    rename(was: string, is: string): UseRow[];
  };
  serverRules: ServerRulesTable;
  pinnedTools: PinnedToolsTable;
  issued: IssuedTable;
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
