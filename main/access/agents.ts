// Who may use the bridge: agents with a key that is shown once, and agents that are recognised by what proved them elsewhere.
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { AgentView } from '../../preload/contract.ts';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import { secret, type Secret } from '../secret.ts';
import type { AgentRow, Store } from '../store/types.ts';
import { checkNewName, cleanName, invisibles, normaliseName, uniqueName } from './agent-name.ts';

export interface NewAgent {
  readonly agent: AgentView;
  /** Shown once; from here on only its hash is known. */
  readonly key: Secret;
}

/** `revoked`: by the person. `rotated`: its key is another one now, what it may do stays. `dropped`: to make room, nothing was decided about it. */
export type EndedBecause = 'revoked' | 'rotated' | 'dropped';

/** An agent that no key proves, as whoever proved it knows it. */
export interface Recognised {
  readonly kind: 'oauth' | 'stdio';
  /** The same for the same agent, and of no other. */
  readonly identity: string;
  /** What it is to be called; made harmless and unlike every other name here. */
  readonly name: string;
  readonly claimed: AgentView['claimed'];
  readonly checked: AgentView['checked'];
  /** Agents of this kind that must stay though nothing was decided about them, because they are here. */
  readonly here?: readonly string[];
}

/** An agent by what a person, or whoever has its row, calls it. Only those that are not revoked are found. */
export type AgentRef = { readonly id: string } | { readonly name: string };

export interface Agents {
  /** @throws invalid_input, name_taken */
  add(name: string, options?: { readonly trusted?: boolean }): NewAgent;
  /** The agent that holds this key, or null: unknown and revoked look the same. */
  verify(key: Secret): AgentRow | null;
  /** Null when there is none, or it is revoked. */
  get(id: string): AgentRow | null;
  /** Revoked ones too: what a prompt or an approval is about. */
  view(id: string): AgentView | null;
  list(): AgentView[];
  /**
   * Finds or makes the agent of an identity; of one that is known, `claimed` and `checked` are kept as they are told now.
   * @throws overloaded when there are too many that nobody decided about, and all of them are here
   */
  recognise(agent: Recognised): AgentRow;
  /** The agent of one `client_id` at the local authorization server. @throws overloaded */
  oauth(identity: string, agent: Pick<Recognised, 'name' | 'claimed'>): AgentRow;
  /** What its MCP messages call it now. The first word is kept beside another one, which is noted as an event. */
  noteClient(id: string, client: { readonly name: string; readonly version: string | null }): void;
  /** That it was used now; cheap enough for every request. */
  touch(id: string): void;
  /** @throws unknown_agent, invalid_input, name_taken */
  rename(agent: AgentRef, name: string): AgentView;
  /** Whether the person need not be asked about it. @throws unknown_agent */
  trust(agent: AgentRef, trusted: boolean): AgentView;
  /** A new key for the same agent; the old one is refused at once. @throws unknown_agent, invalid_input for one without a key */
  rotate(agent: AgentRef): NewAgent;
  /** Refused from the next request on; null when there is no such agent. */
  revoke(agent: AgentRef): AgentView | null;
  /** Told at once when an agent, or the key that it came with, is good no more: whatever it has open ends. */
  onEnd(listener: (agentId: string, because: EndedBecause) => void): () => void;
}

export interface AgentsParts {
  readonly store: Pick<Store, 'agents' | 'events' | 'transaction'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Told after any change that a list would show. */
  readonly onChange?: () => void;
  /** Told after an agent has got another name. */
  readonly onRename?: (was: string, is: string) => void;
}

// A prefix that secret scanners and people recognise, then 256 random bits in base64url.
const keyPrefix = 'ttk_';
const keyShape = /^ttk_[A-Za-z0-9_-]{43}$/u;

/** Last use is a hint for the person, not an audit: one write a minute is enough. */
const lastUseEveryMs = 60_000;

/** Agents that name themselves cost nothing to make up: of each kind this many may wait for a first decision. */
const mostUndecided = 200;

/** A program that calls itself something else with every message is told of once an hour. */
const clientChangeEveryMs = 60 * 60_000;
/** Two programs may share one key: what the last one said is written down this often, and known at once. */
const clientWriteEveryMs = 60_000;

/** Of a client id that is an address; longer ones are no address that a person could read. */
const longestUri = 2_048;

type Client = NonNullable<AgentView['claimed']['client']>;

const nobody: AgentView['claimed'] = { name: null, client: null, clientUri: null };

export function createAgents({ store, clock, onChange = () => undefined, onRename }: AgentsParts): Agents {
  const endListeners = new Set<(agentId: string, because: EndedBecause) => void>();
  const clientChangeNoted = new Map<string, number>();
  const clientWritten = new Map<string, number>();
  /** What its messages say now, as long as that is not written down. */
  const saysNow = new Map<string, Client>();

  const ended = (id: string, because: EndedBecause): void => {
    clientChangeNoted.delete(id);
    clientWritten.delete(id);
    saysNow.delete(id);
    for (const listener of endListeners) listener(id, because);
  };

  const living = (id: string): AgentRow | null => {
    const row = store.agents.get(id);
    return row === null || row.revokedAt !== null ? null : row;
  };
  const find = (agent: AgentRef): AgentRow | null =>
    'id' in agent ? living(agent.id) : store.agents.byName(normaliseName(agent.name));
  const demand = (agent: AgentRef, attempted: string): AgentRow => {
    const row = find(agent);
    if (row !== null) return row;
    const called = quote('id' in agent ? agent.id : normaliseName(agent.name), 64);
    throw new TokentrayError('unknown_agent', `no agent is called ${called}`, {
      attempted,
      subject: called,
      advice: 'Run "tokentray agent list" to see the agents.',
    });
  };
  const shown = (row: AgentRow): AgentView => {
    const client = saysNow.get(row.id);
    const claimed = client === undefined ? row.claimed : saying(row.claimed, client);
    return view({ ...row, claimed }, clock.now());
  };
  const viewOf = (id: string): AgentView | null => {
    const row = store.agents.get(id);
    return row === null ? null : shown(row);
  };
  const namesBut = (own: string): readonly string[] => store.agents.names().filter((name) => name !== own);
  /** Writes, tells, and gives the row as it is then. */
  const change = (row: AgentRow, changes: Parameters<Store['agents']['change']>[1]): AgentRow => {
    store.agents.change(row.id, changes);
    if (changes.name !== undefined && changes.name !== row.name) onRename?.(row.name, changes.name);
    onChange();
    return { ...row, ...changes };
  };

  const make = (row: Pick<AgentRow, 'name' | 'kind'> & Partial<AgentRow>): AgentRow => {
    const made: AgentRow = {
      id: randomUUID(),
      keyHash: null,
      identity: null,
      trusted: false,
      claimed: nobody,
      checked: null,
      createdAt: clock.now(),
      lastUsedAt: null,
      revokedAt: null,
      ...row,
    };
    store.agents.add(made);
    return made;
  };

  const touch = (row: AgentRow): void => {
    const now = clock.now();
    if (row.lastUsedAt !== null && now >= row.lastUsedAt && now - row.lastUsedAt < lastUseEveryMs) return;
    store.agents.touch(row.id, now);
    onChange();
  };

  const recognise = ({ kind, identity, name, checked, here = [], ...said }: Recognised): AgentRow => {
    const claimed = harmless(said.claimed);
    const known = store.agents.byIdentity(kind, identity);
    if (known !== null) {
      // What its messages said it was is no part of what it says now.
      const { client, firstClient } = known.claimed;
      const before = firstClient === undefined ? {} : { firstClient };
      const now = { claimed: { ...claimed, client: client ?? claimed.client, ...before }, checked };
      return sameJson(now, { claimed: known.claimed, checked: known.checked }) ? known : change(known, now);
    }
    const { made, dropped } = store.transaction(() => {
      const went = store.agents.prune(kind, mostUndecided - 1, here);
      if (here.length >= mostUndecided) refuseMore(kind);
      const unique = uniqueName(cleanName(name) ?? 'unnamed agent', store.agents.names());
      return { made: make({ name: unique, kind, identity, claimed, checked }), dropped: went };
    });
    for (const id of dropped) ended(id, 'dropped');
    onChange();
    return made;
  };

  return {
    add(name, { trusted = false } = {}) {
      const key = newKey();
      const free = checkNewName(name, store.agents.names(), 'add an agent');
      const row = make({ name: free, kind: 'key', keyHash: hashOf(key), trusted });
      onChange();
      return { agent: shown(row), key: secret(key) };
    },

    verify(key) {
      const given = key.reveal();
      if (!keyShape.test(given)) return null;
      const hash = hashOf(given);
      const row = store.agents.byKeyHash(hash);
      // The index finds by hash, which nobody can steer towards a stored one; the decision itself takes constant time.
      const [expected, actual] = [Buffer.from(row?.keyHash ?? '', 'hex'), Buffer.from(hash, 'hex')];
      const same = expected.length === actual.length && timingSafeEqual(expected, actual);
      if (row === null || !same || row.kind !== 'key' || row.revokedAt !== null) return null;
      touch(row);
      return row;
    },

    get: living,
    view: viewOf,
    list: () => store.agents.list().map(shown),
    recognise,
    oauth: (identity, { name, claimed }) => recognise({ kind: 'oauth', identity, name, claimed, checked: null }),

    noteClient(id, { name, version }) {
      const row = living(id);
      if (row === null) return;
      const { claimed } = row;
      const client = { name: cleanName(name) ?? 'unnamed', version: cleanName(version) };
      const before = saysNow.get(id) ?? claimed.client;
      if (before === null) {
        change(row, { claimed: { ...claimed, client }, ...firstName(row, client.name, store.agents.names()) });
        return;
      }
      if (before.name === client.name && before.version === client.version) return;
      saysNow.set(id, client);
      const now = clock.now();
      const isDue = (noted: Map<string, number>, everyMs: number): boolean => {
        if (now - (noted.get(id) ?? -Infinity) < everyMs) return false;
        noted.set(id, now);
        return true;
      };
      if (before.name !== client.name && isDue(clientChangeNoted, clientChangeEveryMs)) {
        const detail = { agent: row.name, was: before.name, is: client.name };
        store.events.append({ at: now, server: null, grantId: null, kind: 'agent-client-changed', detail });
      }
      if (!isDue(clientWritten, clientWriteEveryMs)) return;
      saysNow.delete(id);
      change(row, { claimed: saying(claimed, client) });
    },

    touch(id) {
      const row = living(id);
      if (row !== null) touch(row);
    },

    rename(agent, name) {
      const row = demand(agent, 'rename the agent');
      // Its own name it may keep, even where a version before this one let another agent have one like it.
      const isItsOwn = normaliseName(name) === row.name;
      const free = isItsOwn ? row.name : checkNewName(name, namesBut(row.name), 'rename the agent');
      return shown(change(row, { name: free }));
    },

    trust(agent, trusted) {
      return shown(change(demand(agent, 'trust the agent'), { trusted }));
    },

    rotate(agent) {
      const row = demand(agent, 'give the agent a new key');
      if (row.kind !== 'key') {
        throw new TokentrayError('invalid_input', `${quote(row.name, 64)} has no key that could be replaced`, {
          attempted: 'give the agent a new key',
          subject: quote(row.name, 64),
          advice: 'Revoke it: it has to come anew then, and you are asked.',
        });
      }
      const key = newKey();
      const changed = change(row, { keyHash: hashOf(key) });
      ended(row.id, 'rotated');
      return { agent: shown(changed), key: secret(key) };
    },

    revoke(agent) {
      const row = find(agent);
      if (row === null || !store.agents.revoke(row.id, clock.now())) return null;
      ended(row.id, 'revoked');
      onChange();
      return viewOf(row.id);
    },

    onEnd(listener) {
      endListeners.add(listener);
      return () => endListeners.delete(listener);
    },
  };
}

const newKey = (): string => `${keyPrefix}${randomBytes(32).toString('base64url')}`;

/** Hexadecimal, as it is stored. */
const hashOf = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** A program's own words are kept as one line each. */
const harmless = ({ name, client, clientUri }: AgentView['claimed']): AgentView['claimed'] => ({
  name: cleanName(name),
  client: client && { name: cleanName(client.name) ?? 'unnamed', version: cleanName(client.version) },
  clientUri: clientUri === null ? null : clientUri.replace(invisibles, '').slice(0, longestUri),
});

/** With what its messages say now, and what they said first where that is another name. */
function saying({ firstClient, ...claimed }: AgentView['claimed'], client: Client): AgentView['claimed'] {
  const first = firstClient ?? claimed.client;
  const isOther = first !== null && first.name !== client.name;
  return { ...claimed, client, ...(isOther ? { firstClient: first } : {}) };
}

const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function refuseMore(kind: string): never {
  throw new TokentrayError('overloaded', `too many ${kind} agents that nobody decided about are here at once`, {
    attempted: 'let another agent in',
    advice: 'Run "tokentray agent list" to see who they are.',
  });
}

/** An agent on stdio that nobody named is called after its program, until its first message tells a better name. */
function firstName(row: AgentRow, client: string, taken: readonly string[]): { name?: string } {
  if (row.kind !== 'stdio' || row.claimed.name !== null || !isProgramName(row)) return {};
  const others = taken.filter((name) => name !== row.name);
  return { name: uniqueName(client, others) };
}

/** Whether the name is still the one that it got from its program: then no person chose it. */
function isProgramName({ name, checked }: AgentRow): boolean {
  const program = cleanName(programName(checked)) ?? 'unnamed agent';
  return name === program || (name.startsWith(`${program} `) && /^\d+$/u.test(name.slice(program.length + 1)));
}

/** The last part of the path of what runs: of the script where there is one, for every script's executable is the same. */
export function programName(checked: AgentView['checked']): string | null {
  const path = checked?.script ?? checked?.executable ?? null;
  const last = path?.split(/[\\/]/u).at(-1) ?? null;
  return last === null ? null : last.replace(/\.(?:exe|[cm]?[jt]s|py|rb|pl)$/iu, '');
}

const unusedAfterMs = 30 * 24 * 60 * 60_000;

/** @param now milliseconds since the epoch */
function view(row: AgentRow, now: number): AgentView {
  const { id, name, kind, trusted, createdAt, lastUsedAt, revokedAt, claimed, checked } = row;
  const unused = revokedAt === null && now - (lastUsedAt ?? createdAt) >= unusedAfterMs;
  return { id, name, kind, trusted, createdAt, lastUsedAt, revokedAt, unused, claimed, checked };
}
