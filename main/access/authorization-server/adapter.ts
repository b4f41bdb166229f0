// Where oidc-provider keeps what it hands out: tokens and grants by hash in the database, half-done sign-ins in memory.
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { IssuedTable } from '../../store/issued.ts';
import { hashOf } from './clients.ts';

/** What outlives the broker. Everything else is over with it, and a person starts again. */
const kept: ReadonlySet<string> = new Set(['Client', 'Grant', 'AccessToken', 'RefreshToken']);
/** A session or a half-done sign-in costs whoever makes it one request. */
const mostInMemory = 500;
const purgeEveryMs = 60_000;

interface Entry {
  readonly json: string;
  readonly expiresAt: number;
  consumed: boolean;
}

export interface AdapterParts {
  readonly issued: IssuedTable;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

export function createAdapters(parts: AdapterParts): (model: string) => Adapter {
  const purge = purging(parts);
  return (model) => (kept.has(model) ? storedAdapter(model, parts, purge) : memoryAdapter(parts.now));
}

function purging({ issued, now }: AdapterParts): () => void {
  let purgedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - purgedAt < purgeEveryMs) return;
    purgedAt = now();
    issued.purge(now());
  };
}

function storedAdapter(model: string, { issued, now }: AdapterParts, purge: () => void): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      purge();
      // The id of a token is the token: it is not to be found in what is kept about it.
      const { jti: _id, ...rest } = payload;
      const grantId = model === 'Grant' ? id : (payload.grantId ?? null);
      const expiresAt = expiresIn === undefined ? null : now() + expiresIn * 1_000;
      issued.put({ model, idHash: hashOf(id), grantId, payload: rest, consumedAt: null, expiresAt });
    },
    async find(id) {
      const row = issued.get(model, hashOf(id));
      if (row === null || (row.expiresAt !== null && row.expiresAt <= now())) return undefined;
      if (model === 'Client') return row.payload;
      const consumed = row.consumedAt === null ? {} : { consumed: Math.floor(row.consumedAt / 1_000) };
      return { ...row.payload, jti: id, ...consumed };
    },
    async consume(id) {
      if (!issued.consume(model, hashOf(id), now())) throw usedTwice(id);
    },
    destroy: async (id) => void issued.remove(model, hashOf(id)),
    revokeByGrantId: async (grantId) => void issued.removeGrant(grantId, model),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  };

  /** Two requests with one token at the same time: whoever is second has it from somewhere, so none of the family is good any more. */
  function usedTwice(id: string): Error {
    const grantId = issued.get(model, hashOf(id))?.grantId ?? null;
    if (grantId !== null) issued.removeGrant(grantId);
    return new errors.InvalidGrant('already used');
  }
}

function memoryAdapter(now: () => number): Adapter {
  const entries = new Map<string, Entry>();

  const find = (id: string): AdapterPayload | undefined => {
    const entry = entries.get(id);
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= now()) {
      entries.delete(id);
      return undefined;
    }
    const payload = JSON.parse(entry.json) as AdapterPayload;
    return entry.consumed ? { ...payload, consumed: true } : payload;
  };
  const where = (matches: (payload: AdapterPayload) => boolean): string[] =>
    [...entries.keys()].filter((id) => {
      const payload = find(id);
      return payload !== undefined && matches(payload);
    });

  return {
    async upsert(id, payload, expiresIn = 60) {
      entries.delete(id);
      for (const [oldest, { expiresAt }] of entries) {
        if (expiresAt <= now() || entries.size >= mostInMemory) entries.delete(oldest);
      }
      entries.set(id, { json: JSON.stringify(payload), expiresAt: now() + expiresIn * 1_000, consumed: false });
    },
    find: async (id) => find(id),
    async consume(id) {
      const entry = entries.get(id);
      if (entry === undefined || entry.consumed) throw new errors.InvalidGrant('already used');
      entry.consumed = true;
    },
    destroy: async (id) => void entries.delete(id),
    revokeByGrantId: async (grantId) => {
      for (const id of where((payload) => payload.grantId === grantId)) entries.delete(id);
    },
    findByUid: async (uid) => {
      const [id] = where((payload) => payload['uid'] === uid);
      return id === undefined ? undefined : find(id);
    },
    findByUserCode: async () => undefined,
  };
}
