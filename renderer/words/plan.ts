// What a sign-in is going to do, in words: shown before any page opens.
import type { ContractOutputs } from '../../preload/contract.ts';

export type Plan = ContractOutputs['servers']['plan'];

interface Words {
  readonly short: string;
  readonly long: string;
}

export const registrationWords: Readonly<Record<Plan['registration'], Words>> = {
  'pre-registered': { short: 'The client you registered', long: 'Tokentray uses the client ID that you gave it.' },
  cimd: {
    short: 'Our public client document',
    long: 'The provider reads who Tokentray is from a public document (CIMD). Nothing is created there.',
  },
  dcr: {
    short: 'A new client, registered on the spot',
    long: 'Tokentray registers itself at the provider when you sign in (RFC 7591).',
  },
  existing: { short: 'The client that is registered already', long: 'Tokentray has been registered there before.' },
  needed: { short: 'None yet', long: 'The provider wants a client that you register by hand.' },
};

export const scopesFromWords: Readonly<Record<Plan['scopesFrom'], string>> = {
  challenge: 'The server asks for these.',
  scopes_supported: 'The server lists these and does not say which it needs.',
  pinned: 'You chose these.',
  'step-up': 'What you granted before, and what the server wants on top.',
  none: 'The server names none: the provider decides what the sign-in is good for.',
};

/** Whether the token will be bound to this one server, as far as we can ask for it. */
export function bindingWords(plan: Pick<Plan, 'audienceAsked'>): Words {
  return plan.audienceAsked
    ? {
        short: 'Asked to be good for this server only',
        long: 'The request names this server (RFC 8707); whether the token keeps to it is up to the provider.',
      }
    : {
        short: 'Not bound to this server',
        long: 'The server does not say by which name a token could be bound to it (RFC 9728).',
      };
}
