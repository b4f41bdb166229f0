// One sign-in at a time, which ends when the test or a pasted callback address says so.
import { EventEmitter } from 'node:events';
import { TokentrayError } from '../../../main/errors.ts';
import type { SignIn, SignInResult } from '../../../main/grants/types.ts';
import { signedIn, type Answers } from './answers.ts';
import type { Calls } from './calls.ts';

type Outcome = SignInResult | TokentrayError;

export interface FakeSignIns {
  /** The one under way, or a new one. */
  current(): SignIn;
  /** Ends the one under way. */
  finish(outcome: Outcome): void;
}

export function createFakeSignIns(answers: Answers, asked: Calls['asked']): FakeSignIns {
  let under: { signIn: SignIn; end: (outcome: Outcome) => void } | null = null;

  const begin = (): NonNullable<typeof under> => {
    const ending = new EventEmitter<{ end: [Outcome] }>();
    const end = (outcome: Outcome) => void ending.emit('end', outcome);
    const done = new Promise<SignInResult>((resolve, reject) => {
      ending.once('end', (outcome) => {
        under = null;
        if (outcome instanceof TokentrayError) reject(outcome);
        else resolve(outcome);
      });
    });
    const signIn: SignIn = {
      url: answers.signInUrl,
      redirectUri: 'http://127.0.0.1:8428/callback',
      done,
      async complete(pasted) {
        asked('complete', pasted);
        if (!pasted.startsWith('http://127.0.0.1:8428/callback?')) {
          throw new TokentrayError('callback_mismatch', 'that is not the address of this sign-in');
        }
        end(signedIn);
      },
      cancel() {
        asked('cancel');
        end(new TokentrayError('sign_in_cancelled', 'the sign-in was cancelled'));
      },
    };
    return { signIn, end };
  };

  return {
    current: () => (under ??= begin()).signIn,
    finish: (outcome) => under?.end(outcome),
  };
}
