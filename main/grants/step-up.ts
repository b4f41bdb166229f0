// How often a step-up is tried for the same challenge, and the permanent failure after that.
import { TokentrayError } from '../errors.ts';
import { stepUpScopes } from '../oauth/scope.ts';
import { quote } from '../quote.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';

/** Two attempts for the same scopes; the memory of them fades, so that a mended provider gets another chance. */
const mostAttempts = 2;
const forgetAfterMs = 10 * 60_000;

export type NextStep =
  | { readonly kind: 'ask'; readonly scopes: readonly string[]; readonly freshConsent: boolean }
  | { readonly kind: 'give-up'; readonly error: TokentrayError };

export interface StepUps {
  /** The union of what is held and what is challenged, or the reason why asking again would not help. */
  next(server: ServerRow, row: GrantRow | null, challenged: readonly string[]): NextStep;
  /** A sign-in for these scopes was carried through, or refused by the person: only that counts as an attempt. */
  tried(challenged: readonly string[]): void;
  /** The person signed in of their own accord: earlier failures no longer count. */
  reset(): void;
}

const keyOf = (challenged: readonly string[]): string => [...challenged].sort().join(' ');

export function stepUps(now: () => number): StepUps {
  const attempts = new Map<string, { count: number; last: number }>();

  const attemptsFor = (challenged: readonly string[]): number => {
    const earlier = attempts.get(keyOf(challenged));
    return earlier === undefined || now() - earlier.last > forgetAfterMs ? 0 : earlier.count;
  };

  return {
    reset: () => attempts.clear(),
    tried(challenged) {
      attempts.set(keyOf(challenged), { count: attemptsFor(challenged) + 1, last: now() });
    },
    next(server, row, challenged) {
      const count = attemptsFor(challenged);
      const step = stepUpScopes(
        {
          requested: row?.requestedScopes ?? [],
          granted: row?.grantedScopes ?? [],
          removed: server.settings.removedScopes,
          freshConsentTried: count >= mostAttempts,
        },
        challenged,
      );
      if (step.kind === 'hopeless' || count >= mostAttempts) {
        return { kind: 'give-up', error: permanent(server.name, challenged, step) };
      }
      return { kind: 'ask', scopes: step.scopes, freshConsent: step.freshConsent || count > 0 };
    },
  };
}

function permanent(
  server: string,
  challenged: readonly string[],
  step: ReturnType<typeof stepUpScopes>,
): TokentrayError {
  const wanted = challenged.map((scope) => quote(scope, 80)).join(', ') || 'more scopes';
  const [why, advice] =
    step.kind === 'hopeless' && step.because === 'removed-by-user'
      ? ['you removed it from what is asked for', `Allow it again: tokentray connect ${server} --scope …`]
      : step.missing.length > 0
        ? ['its authorization server does not grant that', 'Ask whoever runs the server to allow it for your account.']
        : ['it refuses although that was granted', 'Ask whoever runs the server to allow it for your account.'];
  return new TokentrayError('insufficient_scope', `${server} wants ${wanted}, and ${why}`, {
    attempted: 'get more scopes',
    subject: server,
    advice,
    facts: { permanent: true },
  });
}
