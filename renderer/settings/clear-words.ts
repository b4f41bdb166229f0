// What Clear everything will do about the grants, said before it does it. Pure.
import { mayHoldGrant } from '../server/grant-words.ts';
import type { ServerView } from '../store/model.ts';
import { counted } from '../words/counted.ts';

/**
 * Whose provider will be asked: only where there is a grant is there anything to revoke.
 * @param accounts one view for each account of each server
 */
export function askedWords(accounts: Iterable<Pick<ServerView, 'server' | 'state'>>): string {
  const held = [...accounts].filter(({ state }) => mayHoldGrant(state));
  const servers = new Set(held.map(({ server }) => server)).size;
  if (held.length === 0) return 'No server holds a grant, so no provider is asked.';
  if (held.length === 1) return 'The provider of the one grant that is held is asked to revoke its tokens.';
  const where = servers === held.length ? '' : ` at ${counted(servers, 'server')}`;
  return `The providers of the ${held.length} grants that are held${where} are asked to revoke their tokens.`;
}
