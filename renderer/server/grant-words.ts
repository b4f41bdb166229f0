// What the facts of a grant are called in front of a person. Pure.
import type { ServerView } from '../store/model.ts';

export function registrationWords(kind: ServerView['registration']): string {
  switch (kind) {
    case 'pre-registered':
      return 'by hand: a client that you registered at the provider';
    case 'cimd':
      return 'by its metadata document (CIMD): the provider read who we are from a public address';
    case 'dcr':
      return 'dynamically (RFC 7591): the provider gave us a client of our own';
    case null:
      return 'not registered so far';
  }
}

export function flowWords(flow: ServerView['settings']['flow']): string {
  switch (flow) {
    case 'authorization_code':
      return 'you sign in, in the browser';
    case 'client_credentials':
      return 'by the client’s own credentials, without a person';
    case 'id_jag':
      return 'by your organisation’s identity provider';
    case 'jwt_bearer':
      return 'by a signed assertion';
  }
}

export function eraWords(era: ServerView['settings']['era']): string {
  if (era === null) return 'not seen yet';
  switch (era.kind) {
    case 'modern':
      return 'stateless (from 2026-07-28)';
    case 'legacy':
      return 'handshake (up to 2025-11-25)';
    case 'legacy-sse':
      return 'handshake over HTTP+SSE (2024-11-05)';
  }
}

export interface ScopeLine {
  readonly scope: string;
  readonly requested: boolean;
  readonly granted: boolean;
}

/** Every scope of both lists once: what was asked for in its order, then what came unasked. */
export function scopeLines(requested: readonly string[], granted: readonly string[]): readonly ScopeLine[] {
  return [...new Set([...requested, ...granted])].map((scope) => ({
    scope,
    requested: requested.includes(scope),
    granted: granted.includes(scope),
  }));
}

/** The difference in one sentence. */
export function scopesSummary(requested: readonly string[], granted: readonly string[]): string {
  const lines = scopeLines(requested, granted);
  if (lines.length === 0) return 'No scopes were asked for or named so far.';
  if (granted.length === 0) return 'Nothing is granted so far.';
  const refused = lines.filter((line) => !line.granted).length;
  const unasked = lines.filter((line) => !line.requested).length;
  if (refused === 0 && unasked === 0) return 'Everything that was asked for is granted.';
  const parts = [
    refused === 0 ? '' : `${refused} asked for and not granted`,
    unasked === 0 ? '' : `${unasked} granted without being asked for`,
  ];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
}

/** The broker calls an account `default` as long as the provider gives it no name. */
export const accountIsNamed = (account: string): boolean => account !== '' && account !== 'default';

/** Whether there can be something to revoke: a grant that nobody has ended so far, as far as we know. */
export function mayHoldGrant(state: ServerView['state']): boolean {
  switch (state.kind) {
    case 'connected':
    case 'retrying':
      return true;
    case 'open':
      return false;
    // What was there before stays until the sign-in is through.
    case 'signing-in':
      return true;
    case 'needs-sign-in':
      return state.because !== 'never-signed-in' && state.because !== 'revoked-here';
  }
}
