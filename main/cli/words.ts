// What states, plans and receipts are called in front of a person.
import type { z } from 'zod';
import type {
  ContractOutputs,
  grantStateSchema,
  revocationReceiptSchema,
  signInPlanSchema,
} from '../../preload/contract.ts';
import { assertNever } from '../errors.ts';
import { shown, shownTime } from './terminal.ts';

type ClearedCache = ContractOutputs['cache']['clear'];
type State = z.output<typeof grantStateSchema>;
type Plan = z.output<typeof signInPlanSchema>;
type Receipt = z.output<typeof revocationReceiptSchema>;

const reasons: Readonly<Record<Extract<State, { kind: 'needs-sign-in' }>['because'], string>> = {
  'never-signed-in': 'nobody has signed in yet',
  'ended-by-provider': 'the authorization server ended the grant',
  'revoked-here': 'you revoked it',
  'no-refresh-token': 'the token ran out and there is no refresh token',
  'lost-from-vault': 'the vault no longer has its secrets',
  'refresh-answer-lost': 'the answer to a refresh was lost and the old token is used up',
  'registration-needed': 'the authorization server wants a client that you register by hand',
  'client-unknown': 'the authorization server no longer knows our client',
  'authorization-server-changed': 'the server now names another authorization server',
  'token-refused-by-server': 'the server refuses tokens that its authorization server issued',
  'more-scopes-wanted': 'the server wants more than was granted',
  'lifetime-over': 'the end that you set has come',
};

export function stateWords(state: State): string {
  switch (state.kind) {
    case 'open':
      return state.answersSince === undefined ? 'not signed in yet' : 'needs no sign-in';
    case 'connected': {
      const words = state.refreshable
        ? 'connected'
        : `connected until ${shownTime(state.accessTokenExpiresAt, 'the server ends it')}`;
      return state.stepUp === undefined ? words : `${words}, ${stepUpWords(state.stepUp.scopes)}`;
    }
    case 'signing-in':
      return 'signing in';
    case 'retrying':
      return `retrying at ${shownTime(state.at)}: ${state.because}`;
    case 'needs-sign-in':
      return `needs sign-in: ${reasons[state.because]}`;
    default:
      return assertNever(state);
  }
}

const mostScopesNamed = 3;

/** What a call was refused for; a long list is cut, for it stands in a line. */
function stepUpWords(scopes: readonly string[]): string {
  if (scopes.length === 0) return 'but a call wants more than was granted';
  const named = scopes.slice(0, mostScopesNamed).map(shown).join(', ');
  const more = scopes.length - mostScopesNamed;
  return `but a call wants more: ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

const registrations: Readonly<Record<Plan['registration'], string>> = {
  'pre-registered': 'the client that you gave',
  cimd: 'our Client ID Metadata Document',
  dcr: 'a new client, registered on the spot',
  existing: 'the client that is registered already',
  needed: 'none: register one by hand with this redirect URI and give it with `tokentray add --client-id`',
};

const scopesFrom: Readonly<Record<Plan['scopesFrom'], string>> = {
  challenge: 'as the server asked',
  scopes_supported: 'all that the server lists',
  pinned: 'as you chose',
  'step-up': 'with what the server wants for one call',
  none: 'the server names none',
};

/** What the person is about to agree to, one fact a line. */
export function planWords(plan: Plan): string[] {
  const lines = [
    `Server      ${plan.server}`,
    `Signs in at ${shown(plan.issuer)}`,
    `Resource    ${plan.resource === null ? 'not named by the server' : shown(plan.resource)}`,
    `Client      ${registrations[plan.registration]}`,
    `Callback    ${shown(plan.redirectUri)}`,
    `Scopes      ${plan.scopes.length === 0 ? 'none' : plan.scopes.map(shown).join(' ')} (${scopesFrom[plan.scopesFrom]})`,
    ...(plan.otherHost === null ? [] : [`Page        ${shown(plan.otherHost)}, which is not the issuer's own host`]),
    plan.audienceAsked
      ? 'The token is asked for as good for this server only (RFC 8707); whether it is, the authorization server decides.'
      : 'The token is not bound to this server: it does not say by which name (RFC 9728).',
  ];
  const others = plan.issuers.filter((issuer) => issuer !== plan.issuer);
  if (others.length > 0) lines.push(`Also possible with --issuer: ${others.map(shown).join(' ')}`);
  return lines;
}

/** What a cleared cache threw away, and why a registration is still there. */
export function clearedWords(cleared: ClearedCache): string[] {
  const { documents, accessTokens, registrations, registrationsKept } = cleared;
  const { neededByGrant, signInUnderWay, preRegistered } = registrationsKept;
  const kept: readonly (readonly [number, string])[] = [
    [neededByGrant, 'a grant depends on it: revoke the grant first to have it dropped'],
    [signInUnderWay, 'a sign-in is under way'],
    [preRegistered, 'you brought it'],
  ];
  return [
    `Thrown away: ${counted(documents, 'document')}, ${counted(accessTokens, 'access token')}, ${counted(registrations, 'registration')}.`,
    ...kept.flatMap(([count, why]) =>
      count === 0 ? [] : [`Kept: ${counted(count, 'registration')}, because ${why}.`],
    ),
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const tokens = { refresh_token: 'refresh token', access_token: 'access token' } as const;

/** The truth about a revocation, token by token. */
export function receiptWords(receipt: Receipt): string[] {
  const lines = receipt.tokens.map(({ token, outcome }) => {
    const name = tokens[token];
    switch (outcome.kind) {
      case 'revoked':
        return `The ${name} is revoked: the authorization server answered ${outcome.status}.`;
      case 'refused':
        return `The authorization server refused to revoke the ${name}: ${outcome.status}${outcome.error === null ? '' : ` ${shown(outcome.error)}`}.`;
      case 'unreachable':
        return `The authorization server could not be reached to revoke the ${name}: ${outcome.error}.`;
      case 'no-endpoint':
        return `The ${name} could not be revoked: the authorization server has no revocation endpoint (RFC 7009).`;
      case 'not-held':
        return `No ${name} was held.`;
      default:
        return assertNever(outcome);
    }
  });
  const held = receipt.tokens.filter(({ outcome }) => outcome.kind !== 'not-held');
  if (held.length > 0 && receipt.forgottenHere) lines.push('What was held is forgotten here.');
  if (held.some(({ outcome }) => outcome.kind !== 'revoked')) {
    lines.push(
      'What was only forgotten here may work until it expires; end it in your account at the provider to be sure.',
    );
  }
  return lines;
}
