// Which account of a server an agent uses: its own pin, the nearest folder's, the server's default; a pinned one that is gone is never replaced by another.
import { realpathSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { AccountPin } from '../../preload/contract-access.ts';
import { TokentrayError } from '../errors.ts';
import type { Grants } from '../grants/types.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import type { AccountPinRow, Store } from '../store/types.ts';

/** Who asks, and from where. */
export interface WhoseAccount {
  readonly server: string;
  readonly agentId: string | null;
  /** Where the agent works, as the broker saw it; null: not known. */
  readonly folder: string | null;
}

/** Exactly one of the two is there. */
export interface PinnedTo {
  readonly agentId?: string | undefined;
  readonly folder?: string | undefined;
}

export interface Accounts {
  /** @throws unknown_server, account_missing: pinned to one that is not there */
  accountFor(who: WhoseAccount): string;
  pins(): AccountPin[];
  /** @throws unknown_server, unknown_agent, account_missing, invalid_input */
  pin(server: string, account: string, to: PinnedTo): AccountPin[];
  /** @throws invalid_input */
  unpin(server: string, from: PinnedTo): AccountPin[];
}

export interface AccountParts {
  readonly store: Pick<Store, 'accountPins' | 'agents' | 'events'>;
  readonly grants: Pick<Grants, 'accounts' | 'defaultAccount'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly onChange: (pins: AccountPin[]) => void;
  readonly platform?: NodeJS.Platform;
}

export function createAccounts({
  store,
  grants,
  clock,
  onChange,
  platform = process.platform,
}: AccountParts): Accounts {
  const table = store.accountPins;
  const paths = platform === 'win32' ? win32 : posix;
  const folded = (path: string): string =>
    platform === 'win32' || platform === 'darwin' ? path.normalize('NFC').toLowerCase() : path;

  /** Whether `folder` is `outer` or inside of it: by whole segments, as the system tells names apart. */
  function isWithin(outer: string, folder: string): boolean {
    const from = paths.relative(folded(outer), folded(folder));
    return from === '' || (from !== '..' && !from.startsWith(`..${paths.sep}`) && !paths.isAbsolute(from));
  }

  function pinOf({ agentId, folder }: WhoseAccount, pins: readonly AccountPinRow[]): AccountPinRow | null {
    const own = agentId === null ? undefined : pins.find((pin) => pin.agentId === agentId);
    if (own !== undefined) return own;
    if (folder === null || !paths.isAbsolute(folder)) return null;
    const real = realFolder(folder) ?? paths.normalize(folder);
    let nearest: AccountPinRow | null = null;
    for (const pin of pins) {
      if (pin.folder === null || !isWithin(pin.folder, real)) continue;
      if (nearest?.folder == null || isWithin(nearest.folder, pin.folder)) nearest = pin;
    }
    return nearest;
  }

  const views = (): AccountPin[] => table.list();

  function told(server: string, kind: string, detail: Readonly<Record<string, string>>): AccountPin[] {
    store.events.append({ at: clock.now(), server, grantId: null, kind, detail });
    const pins = views();
    onChange(pins);
    return pins;
  }

  const nameOf = (to: Pick<AccountPinRow, 'agentId' | 'folder'>): Readonly<Record<string, string>> =>
    to.folder === null ? { agent: store.agents.get(to.agentId ?? '')?.name ?? '' } : { folder: to.folder };

  return {
    accountFor(who) {
      const pin = pinOf(who, table.list(who.server));
      if (pin === null) return grants.defaultAccount(who.server);
      if (grants.accounts(who.server).includes(pin.account)) return pin.account;
      const pinned = pin.folder === null ? 'this agent' : quote(pin.folder);
      throw new TokentrayError(
        'account_missing',
        `${pinned} is pinned to the account ${quote(pin.account, 80)} of ${who.server}, which is not there`,
        {
          attempted: 'choose the account',
          subject: who.server,
          advice: `Sign in to it again: tokentray connect ${who.server} --account "${pin.account}", or pin another one: tokentray account pin`,
          facts: { server: who.server, account: pin.account },
        },
      );
    },
    pins: views,
    pin(server, account, to) {
      const wanted = one(to);
      const known = grants.accounts(server);
      const name = account.normalize('NFC').trim();
      if (!known.includes(name)) {
        throw new TokentrayError('account_missing', `${server} has no account ${quote(name, 80)}`, {
          attempted: 'pin the account',
          subject: server,
          advice: `See what there is: tokentray account list ${server}`,
          facts: { server, account: name.slice(0, 128) },
        });
      }
      if (wanted.agentId !== null && store.agents.get(wanted.agentId)?.revokedAt !== null) {
        throw new TokentrayError('unknown_agent', 'there is no such agent', {
          attempted: 'pin the account',
          advice: 'See who there is: tokentray agent list',
        });
      }
      const folder = wanted.folder === null ? null : existingFolder(wanted.folder);
      const row: AccountPinRow = { server, account: name, agentId: wanted.agentId, folder };
      // A folder whose name the system takes for the same one is the same one.
      for (const other of folder === null ? [] : table.list(server)) {
        if (other.folder !== null && folded(other.folder) === folded(folder ?? '')) table.remove(other);
      }
      table.put(row);
      return told(server, 'account-pinned', { ...nameOf(row), account: name });
    },
    unpin(server, from) {
      const { agentId, folder } = one(from);
      // A folder that is gone can still be let go of, under the name that it was pinned by.
      const names = folder === null ? [] : [folder, realFolder(folder) ?? paths.normalize(folder)].map(folded);
      const found = table
        .list(server)
        .find((pin) =>
          pin.folder === null ? agentId !== null && pin.agentId === agentId : names.includes(folded(pin.folder)),
        );
      if (found === undefined) return views();
      table.remove(found);
      return told(server, 'account-unpinned', { ...nameOf(found), account: found.account });
    },
  };

  function existingFolder(folder: string): string {
    const real = paths.isAbsolute(folder) ? realFolder(folder) : null;
    if (real !== null && statSync(real, { throwIfNoEntry: false })?.isDirectory() === true) return real;
    throw new TokentrayError('invalid_input', `${quote(folder)} is no folder here`, {
      attempted: 'pin the account',
      advice: 'Give the whole path of a folder that exists.',
    });
  }
}

function one({ agentId, folder }: PinnedTo): Pick<AccountPinRow, 'agentId' | 'folder'> {
  if ((agentId === undefined) === (folder === undefined)) {
    throw new TokentrayError('invalid_input', 'a pin is for one agent or for one folder', {
      attempted: 'pin the account',
    });
  }
  return { agentId: agentId ?? null, folder: folder ?? null };
}

/** Without links in it; null when there is none. */
function realFolder(folder: string): string | null {
  try {
    return realpathSync.native(folder);
  } catch {
    return null;
  }
}
