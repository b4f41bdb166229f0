// Who may use the bridge: each agent has a key that is shown once and kept only as its hash.
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import { secret, type Secret } from '../secret.ts';
import type { AgentRow, Store } from '../store/types.ts';

/** What may be shown of an agent. Times are milliseconds since the epoch. */
interface AgentView {
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export interface NewAgent {
  readonly agent: AgentView;
  /** Shown once; from here on only its hash is known. */
  readonly key: Secret;
}

export interface Agents {
  /** @throws invalid_input, name_taken */
  add(name: string): NewAgent;
  /** The agent that holds this key, or null: unknown and revoked look the same. */
  verify(key: Secret): AgentRow | null;
  list(): AgentView[];
  /** True when there was a living agent of that name. Its key is refused from the next request on. */
  revoke(name: string): boolean;
  /** A new key under the same name; the old one is refused at once. @throws unknown_agent */
  rotate(name: string): NewAgent;
}

// A prefix that secret scanners and people recognise, then 256 random bits in base64url.
const keyPrefix = 'ttk_';
const keyShape = /^ttk_[A-Za-z0-9_-]{43}$/u;

// What a person can read in a list and a shell can hold in quotes: no control, bidirectional or invisible characters.
const nameShape = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@+-]{0,63}$/u;

/** Last use is a hint for the person, not an audit: one write a minute is enough. */
const lastUseEveryMs = 60_000;

export function createAgents(parts: { store: Pick<Store, 'agents' | 'transaction'>; clock: Clock }): Agents {
  const { store, clock } = parts;

  const create = (name: string): NewAgent => {
    const key = `${keyPrefix}${randomBytes(32).toString('base64url')}`;
    const row: AgentRow = {
      id: randomUUID(),
      name,
      keyHash: hashOf(key).toString('hex'),
      createdAt: clock.now(),
      lastUsedAt: null,
      revokedAt: null,
    };
    store.agents.add(row);
    return { agent: view(row), key: secret(key) };
  };

  return {
    add: (name) => create(checkName(name)),

    verify(key) {
      const given = key.reveal();
      if (!keyShape.test(given)) return null;
      const hash = hashOf(given);
      const row = store.agents.byKeyHash(hash.toString('hex'));
      // The index finds by hash, which nobody can steer towards a stored one; the decision itself takes constant time.
      const expected = row === null ? Buffer.alloc(hash.length) : Buffer.from(row.keyHash, 'hex');
      const same = expected.length === hash.length && timingSafeEqual(expected, hash);
      if (row === null || !same || row.revokedAt !== null) return null;
      const now = clock.now();
      if (row.lastUsedAt === null || now - row.lastUsedAt >= lastUseEveryMs) store.agents.touch(row.id, now);
      return row;
    },

    list: () => store.agents.list().map(view),

    revoke: (name) => store.agents.revoke(normalise(name), clock.now()),

    rotate: (name) =>
      store.transaction(() => {
        const known = normalise(name);
        if (!store.agents.revoke(known, clock.now())) {
          throw new TokentrayError('unknown_agent', `no agent is called ${quote(known, 64)}`, {
            attempted: 'give the agent a new key',
            subject: quote(known, 64),
            advice: 'Run "tokentray agent list" to see the agents.',
          });
        }
        return create(known);
      }),
  };
}

const hashOf = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest();

const normalise = (name: string): string => name.normalize('NFC').trim();

function checkName(name: string): string {
  const clean = normalise(name);
  if (nameShape.test(clean)) return clean;
  throw new TokentrayError('invalid_input', `${quote(clean, 80)} cannot be the name of an agent`, {
    attempted: 'add an agent',
    subject: quote(clean, 80),
    advice: 'Use 1 to 64 letters, digits, spaces or . _ @ + - and start with a letter or digit.',
  });
}

const view = (row: AgentRow): AgentView => ({
  name: row.name,
  createdAt: row.createdAt,
  lastUsedAt: row.lastUsedAt,
  revokedAt: row.revokedAt,
});
