// A step-up that waits for the person: what calls were refused for, gathered until one sign-in answers them all.
import { missingScopes, union } from '../oauth/scope.ts';
import type { WaitingStepUp } from './types.ts';

/** What a sign-in has to ask for because of it. */
interface Wish {
  readonly scopes: readonly string[];
  readonly freshConsent: boolean;
}

export interface WaitingStepUps {
  /** Takes in what one more call was refused for. `isNew`: nobody was told of it so far. */
  add(step: Wish, challenged: readonly string[]): { readonly isNew: boolean; readonly wish: Wish };
  wish(): Wish | null;
  /** Whether a sign-in for these scopes asks for everything that waits. False when nothing does. */
  isWithin(scopes: readonly string[]): boolean;
  /** For people: what is not granted, or, where it is and the server refuses all the same, what it names. */
  shown(granted: readonly string[], removed: readonly string[]): WaitingStepUp | null;
  /** Nothing waits any more. Gives the challenges that did. */
  settle(): readonly (readonly string[])[];
}

interface Waits extends Wish {
  readonly challenges: readonly (readonly string[])[];
  readonly since: number;
}

const nothing = { scopes: [], freshConsent: false, challenges: [] };

/** A server that names other scopes with every call must not fill the page that the person is shown. */
const mostScopes = 100;
const mostChallenges = 20;

export function waitingStepUp(now: () => number): WaitingStepUps {
  let waits: Waits | null = null;

  return {
    wish: () => (waits === null ? null : { scopes: waits.scopes, freshConsent: waits.freshConsent }),
    isWithin: (scopes) => waits !== null && waits.scopes.every((scope) => scopes.includes(scope)),
    add(step, challenged) {
      const isNew = waits === null || !waits.challenges.some((earlier) => sameScopes(earlier, challenged));
      if (waits === null || isNew) waits = withMore(waits ?? { ...nothing, since: now() }, step, challenged);
      return { isNew, wish: { scopes: waits.scopes, freshConsent: waits.freshConsent } };
    },
    shown(granted, removed) {
      if (waits === null) return null;
      const wanted = missingScopes(waits.scopes, removed);
      const missing = missingScopes(wanted, granted);
      const named = union(...waits.challenges).filter((scope) => wanted.includes(scope));
      const scopes = missing.length > 0 ? missing : named;
      const unnamed = waits.challenges.some((challenged) => challenged.length === 0);
      return scopes.length > 0 || unnamed ? { scopes, since: waits.since } : null;
    },
    settle() {
      const settled = waits?.challenges ?? [];
      waits = null;
      return settled;
    },
  };
}

/** `since` stays: it is one cause for the person, however much is added to it. */
function withMore(earlier: Waits, step: Wish, challenged: readonly string[]): Waits {
  const all = union(earlier.scopes, step.scopes);
  return {
    scopes: all.length > mostScopes ? step.scopes : all,
    freshConsent: earlier.freshConsent || step.freshConsent,
    challenges: [...earlier.challenges, challenged].slice(-mostChallenges),
    since: earlier.since,
  };
}

function sameScopes(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((scope) => others.includes(scope));
}
