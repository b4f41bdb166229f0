// What Clear everything will do about the grants, said before it does it. Pure.
import { mayHoldGrant } from '../server/grant-words.ts';
import type { ServerView } from '../store/model.ts';

/** Whose provider will be asked: only where there is a grant is there anything to revoke. */
export function askedWords(servers: Iterable<Pick<ServerView, 'state'>>): string {
  const held = [...servers].filter(({ state }) => mayHoldGrant(state)).length;
  if (held === 0) return 'No server holds a grant, so no provider is asked.';
  return held === 1
    ? 'The provider of the one grant that is held is asked to revoke its tokens.'
    : `The providers of the ${held} grants that are held are asked to revoke their tokens.`;
}
