// What everybody hears who asks for something while Tokentray is locked.
import { TokentrayError } from '../errors.ts';

/** @param attempted a phrase after "could not" */
export const lockedNow = (attempted: string): TokentrayError =>
  new TokentrayError('locked', 'Tokentray is locked: a person has to unlock it', {
    attempted,
    advice: 'They can do it with "tokentray unlock", or in the window.',
    facts: { rule: 'locked' },
  });
