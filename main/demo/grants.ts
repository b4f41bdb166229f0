// What the demo's authorization server remembers: codes and tokens, in memory, few, and gone with the broker.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../ports.ts';

/** What the person agreed to on the demo's page. */
export interface Consent {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly resource: string;
  readonly scopes: readonly string[];
}

export interface Tokens {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
}

export interface DemoGrants {
  newCode(consent: Consent): string;
  /** Null: invalid_grant. A code that comes twice takes back what it gave (RFC 6749 section 4.1.2). */
  redeem(code: string, proof: { clientId: string; redirectUri: string; verifier: string }): Tokens | null;
  /** Null: invalid_grant. A refresh token that comes twice ends its grant (RFC 9700 section 4.14.2). */
  refresh(token: string, clientId: string, scopes: readonly string[] | null): Tokens | null;
  revoke(token: string, clientId: string): void;
  /** The scopes of a living access token for this resource; null otherwise. */
  verify(token: string, resource: string): readonly string[] | null;
}

interface Family {
  readonly consent: Consent;
  alive: boolean;
  refreshToken: string;
}

/** Short enough that a person who tries things out sees a refresh. */
const accessTokenSeconds = 180;
const codeLivesMs = 60_000;
const most = 200;

export function createDemoGrants(clock: Pick<Clock, 'now'>): DemoGrants {
  const codes = new Map<string, { consent: Consent; expiresAt: number; family: Family | null }>();
  const accessTokens = new Map<string, { family: Family; scopes: readonly string[]; expiresAt: number }>();
  const refreshTokens = new Map<string, Family>();

  const issue = (family: Family, scopes: readonly string[]): Tokens => {
    const access = random('demo_at_');
    family.refreshToken = random('demo_rt_');
    keep(accessTokens, access, { family, scopes, expiresAt: clock.now() + accessTokenSeconds * 1_000 });
    keep(refreshTokens, family.refreshToken, family);
    return {
      access_token: access,
      token_type: 'Bearer',
      expires_in: accessTokenSeconds,
      refresh_token: family.refreshToken,
      scope: scopes.join(' '),
    };
  };

  return {
    newCode(consent) {
      const code = random('');
      keep(codes, code, { consent, expiresAt: clock.now() + codeLivesMs, family: null });
      return code;
    },
    redeem(code, { clientId, redirectUri, verifier }) {
      const held = codes.get(code);
      if (held === undefined) return null;
      if (held.family !== null) {
        held.family.alive = false;
        return null;
      }
      const { consent } = held;
      const challenge = createHash('sha256').update(verifier, 'utf8').digest('base64url');
      const good =
        clock.now() < held.expiresAt &&
        consent.clientId === clientId &&
        consent.redirectUri === redirectUri &&
        same(challenge, consent.codeChallenge);
      if (!good) return null;
      held.family = { consent, alive: true, refreshToken: '' };
      return issue(held.family, consent.scopes);
    },
    refresh(token, clientId, wanted) {
      const family = refreshTokens.get(token);
      if (family === undefined || !family.alive || family.consent.clientId !== clientId) return null;
      if (family.refreshToken !== token) {
        family.alive = false;
        return null;
      }
      const { scopes } = family.consent;
      if (wanted !== null && wanted.some((scope) => !scopes.includes(scope))) return null;
      return issue(family, wanted ?? scopes);
    },
    revoke(token, clientId) {
      const family = refreshTokens.get(token);
      if (family?.consent.clientId === clientId) family.alive = false;
      if (accessTokens.get(token)?.family.consent.clientId === clientId) accessTokens.delete(token);
    },
    verify(token, resource) {
      const held = accessTokens.get(token);
      if (held === undefined || !held.family.alive || clock.now() >= held.expiresAt) return null;
      return held.family.consent.resource === resource ? held.scopes : null;
    },
  };
}

const random = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`;

const same = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** The oldest make room: whoever keeps asking costs no memory. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  for (const oldest of map.keys()) {
    if (map.size < most) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
