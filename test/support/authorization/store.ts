// Where the test authorization server keeps its artifacts: a Map that tests may look into and take things out of.
import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly model: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

export interface ArtifactStore {
  readonly adapter: (model: string) => Adapter;
  readonly put: (model: string, id: string, payload: AdapterPayload) => void;
  readonly has: (model: string, id: string) => boolean;
  /** Drops every artifact that `matches`; says how many that were. */
  readonly drop: (matches: (model: string, payload: AdapterPayload) => boolean) => number;
  readonly remove: (model: string, id: string) => boolean;
}

// What dies with a grant (RFC 7009 section 2.1: the tokens that are based on the same authorization grant).
const boundToGrant = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** @param keepUsedRefreshTokens a provider that accepts an already rotated refresh token again (a grace period). */
export function createArtifactStore(keepUsedRefreshTokens: boolean): ArtifactStore {
  const entries = new Map<string, Entry>();

  function live(model: string, id: string): AdapterPayload | undefined {
    const entry = entries.get(key(model, id));
    if (entry === undefined) return undefined;
    if (entry.expiresAt > Date.now()) return entry.payload;
    entries.delete(key(model, id));
    return undefined;
  }

  function drop(matches: (model: string, payload: AdapterPayload) => boolean): number {
    let dropped = 0;
    for (const [name, entry] of entries) {
      if (matches(entry.model, entry.payload) && entries.delete(name)) dropped += 1;
    }
    return dropped;
  }

  function findBy(model: string, field: 'uid' | 'userCode', value: string): AdapterPayload | undefined {
    for (const entry of entries.values()) {
      if (entry.model === model && entry.payload[field] === value) return live(model, entry.id);
    }
    return undefined;
  }

  return {
    put: (model, id, payload) =>
      void entries.set(key(model, id), { model, id, payload, expiresAt: Number.POSITIVE_INFINITY }),
    has: (model, id) => live(model, id) !== undefined,
    remove: (model, id) => entries.delete(key(model, id)),
    drop,
    adapter: (model) => ({
      upsert: async (id, payload, expiresIn) => {
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
        entries.set(key(model, id), { model, id, payload, expiresAt });
      },
      find: async (id) => live(model, id),
      findByUid: async (uid) => findBy(model, 'uid', uid),
      findByUserCode: async (userCode) => findBy(model, 'userCode', userCode),
      consume: async (id) => {
        if (model === 'RefreshToken' && keepUsedRefreshTokens) return;
        const payload = live(model, id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void entries.delete(key(model, id)),
      revokeByGrantId: async (grantId) =>
        void drop((kind, payload) => boundToGrant.has(kind) && payload.grantId === grantId),
    }),
  };
}

const key = (model: string, id: string): string => `${model}:${id}`;
