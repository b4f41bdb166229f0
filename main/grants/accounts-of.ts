// Which accounts a server has, and which of them is the default one: never another one silently.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Store } from '../store/types.ts';
import { normaliseAccount } from './account-name.ts';
import { usualAccount } from './history.ts';
import { shellWord } from './waiting.ts';

export interface AccountsOf {
  /** The default one first, then by name. */
  list(server: string): string[];
  default(server: string): string;
  setDefault(server: string, account: string): void;
  /** The account that is meant; absent: the default one. @throws account_missing */
  existing(server: string, account: string | undefined): string;
  /** With the server goes which one was the default. */
  forgetServer(server: string): void;
}

const settingOf = (server: string): string => `default-account:${server}`;

/** @param signingIn whether somebody is about to sign in to it: then it is there although no grant is */
export function accountsOf(
  store: Pick<Store, 'grants' | 'settings'>,
  signingIn: (server: string) => readonly string[],
): AccountsOf {
  const defaultOf = (server: string): string => store.settings.get(settingOf(server)) || usualAccount;

  function list(server: string): string[] {
    const first = defaultOf(server);
    const others = new Set([...store.grants.accounts(server), ...signingIn(server)]);
    others.delete(first);
    return [first, ...[...others].sort()];
  }

  function existing(server: string, account: string | undefined): string {
    const wanted = account === undefined ? null : normaliseAccount(account);
    const first = defaultOf(server);
    if (wanted === null || wanted === first) return first;
    if (store.grants.forServer(server, wanted) !== null || signingIn(server).includes(wanted)) return wanted;
    throw accountMissing(server, wanted);
  }

  return {
    list,
    default: defaultOf,
    existing,
    setDefault: (server, account) => store.settings.set(settingOf(server), existing(server, account)),
    forgetServer: (server) => store.settings.set(settingOf(server), ''),
  };
}

export function accountMissing(server: string, account: string): TokentrayError {
  return new TokentrayError('account_missing', `${server} has no account ${quote(account, 80)}`, {
    subject: server,
    advice: `See what there is: tokentray account list ${server}, or sign in to it: tokentray connect ${server} --account ${shellWord(account)}`,
    facts: { server, account: account.slice(0, 128) },
  });
}
