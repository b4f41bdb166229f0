// What an account is called, and when its grant ends here. Pure.
import type { ServerView } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import { exactTime } from '../words/time.ts';
import { accountIsNamed } from './grant-words.ts';

/** The label, or who signed in where nobody gave it one. */
export function accountName({ account, identity }: Pick<ServerView, 'account' | 'identity'>): string {
  if (accountIsNamed(account)) return plainText(account, 100);
  return identity === null ? 'default' : plainText(identity, 100);
}

/** "alice@example.com, until 3 Mar 2026, 14:00": what the name does not say; null when that is nothing. */
export function accountDetail({
  account,
  identity,
  endsAt,
}: Pick<ServerView, 'account' | 'identity' | 'endsAt'>): string | null {
  const parts = [
    identity !== null && accountIsNamed(account) && identity !== account ? plainText(identity, 100) : null,
    endsAt === null ? null : `until ${exactTime(endsAt)}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(', ');
}

/** What keeps a name from being a new account's, in words; null when nothing does. */
export function newNameProblem(typed: string, taken: readonly string[]): string | null {
  const name = typed.normalize('NFC').trim();
  if (name === '') return null;
  if (name.length > 128) return 'At most 128 characters.';
  return taken.includes(name) ? 'There is an account of this name already.' : null;
}

/** The default one first, then by name. */
export function orderedAccounts(views: Iterable<ServerView>): readonly ServerView[] {
  return [...views].toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.account.localeCompare(b.account));
}
