// A secret of any length over a keychain of short items: replaced new-before-old, so that a crash at any write leaves
// the old value or the new one. What a crash left over is collected at the next write or list.
import { randomBytes } from 'node:crypto';
import { TokentrayError } from '../errors.ts';
import type { SecretRef, SecretStore } from '../ports.ts';
import { quote } from '../quote.ts';
import { Secret } from '../secret.ts';
import { joinParts, pack, parseHead } from './envelope.ts';
import type { Head } from './envelope.ts';
import { headName, parseItemName, partName, printableLabel, secretKey } from './item-name.ts';

interface Item {
  readonly account: string;
  readonly text: string;
}

/** The keychain underneath. `set` replaces one item at once. */
export interface Items {
  /** Null may also mean locked. */
  get(account: string): Promise<string | null>;
  set(account: string, text: string): Promise<void>;
  /** False is the truth. @throws vault_locked */
  delete(account: string): Promise<boolean>;
  /** What is missing here is not there. @throws vault_locked */
  all(): Promise<Item[]>;
}

/** What the keychain holds of one secret. */
interface Held {
  /** The head in force; null when only pieces are left. */
  readonly current: { readonly account: string; readonly ref: SecretRef; readonly n: number } | null;
  /** Null when the head in force cannot be read or put together. */
  readonly value: string | null;
  /** Every item of the secret, the heads first, oldest first. */
  readonly accounts: readonly string[];
  /** Those of them that no longer serve. */
  readonly leftovers: readonly string[];
}

/** Where a secret stands, remembered between calls so that not every write has to read the whole keychain. */
interface Place {
  readonly head: string;
  readonly n: number;
  readonly accounts: readonly string[];
}

interface SplitStore extends Pick<SecretStore, 'read' | 'write' | 'delete' | 'list'> {
  /** Drops what is remembered between calls: names and numbers of items, never what is in them. */
  forget(): void;
}

/** The operations of a `SecretStore` over short items. The process is the only writer of these items. */
export function splitStore(items: Items): SplitStore {
  const places = new Map<string, Place>();
  const inTurn = turns();

  async function scan(): Promise<Map<string, Held>> {
    const found = assemble(await items.all());
    places.clear();
    for (const [key, held] of found) remember(key, held);
    return found;
  }

  function remember(key: string, held: Held): void {
    if (held.current && held.value !== null) {
      places.set(key, { head: held.current.account, n: held.current.n, accounts: held.accounts });
    } else {
      places.delete(key);
    }
  }

  async function readPlace(place: Place): Promise<string | null> {
    const text = await items.get(place.head);
    const head = text === null ? null : parseHead(text);
    if (!head) return null;
    if ('secret' in head) return head.secret;
    const parts: (string | null)[] = [];
    for (let index = 1; index <= head.parts; index += 1) {
      parts.push(await items.get(partName(place.head, head.set, index)));
    }
    return joinParts(head, parts);
  }

  async function placeOf(key: string): Promise<{ n: number; accounts: readonly string[] }> {
    const place = places.get(key);
    if (place) return place;
    const held = (await scan()).get(key);
    return { n: held?.current?.n ?? 0, accounts: held?.accounts ?? [] };
  }

  return {
    read: (ref) =>
      inTurn(async () => {
        const key = secretKey(ref);
        const place = places.get(key);
        const known = place ? await readPlace(place) : null;
        if (known !== null) return new Secret(known);
        const held = (await scan()).get(key);
        if (!held?.current) return null;
        if (held.value === null) throw damaged(held.current.ref);
        return new Secret(held.value);
      }),

    write: (ref, value) =>
      inTurn(async () => {
        const key = secretKey(ref);
        const before = await placeOf(key);
        // Until this write is through, what is remembered is not to be trusted.
        places.delete(key);
        const head = headName(ref);
        const set = randomBytes(4).toString('hex');
        const n = before.n + 1;
        const packed = pack(value.reveal(), n, set);
        const parts = packed.parts.map((_, index) => partName(head, set, index + 1));
        for (const [index, account] of parts.entries()) await items.set(account, packed.parts[index] ?? '');
        await items.set(head, packed.head);
        // From here on the new value is in force; a failure below only leaves something to collect later.
        const accounts = [head, ...parts];
        const old = before.accounts.filter((account) => !accounts.includes(account));
        if (await collected(items, old)) places.set(key, { head, n, accounts });
      }),

    delete: (ref) =>
      inTurn(async () => {
        const key = secretKey(ref);
        const held = (await scan()).get(key);
        places.delete(key);
        // Oldest head first: a crash in between must not bring an older value back. Then the parts, which mean nothing alone.
        for (const account of held?.accounts ?? []) await items.delete(account);
        return Boolean(held?.current);
      }),

    list: () =>
      inTurn(async () => {
        const refs: SecretRef[] = [];
        for (const [key, held] of await scan()) {
          if (held.current) refs.push(held.current.ref);
          const kept = held.accounts.filter((account) => !held.leftovers.includes(account));
          if (await collected(items, held.leftovers)) remember(key, { ...held, accounts: kept });
        }
        return refs;
      }),

    forget: () => places.clear(),
  };
}

/** Puts the items of every secret together again. Pure; items that are not ours are left out. */
function assemble(all: readonly Item[]): Map<string, Held> {
  const groups = new Map<string, { heads: FoundHead[]; parts: Item[] }>();
  for (const item of all) {
    const name = parseItemName(item.account);
    if (!name) continue;
    const key = secretKey(name.ref);
    const group = groups.get(key) ?? { heads: [], parts: [] };
    groups.set(key, group);
    if (name.role === 'part') group.parts.push(item);
    else group.heads.push({ account: item.account, ref: name.ref, head: parseHead(item.text) });
  }
  return new Map([...groups].map(([key, group]) => [key, held(group.heads, group.parts)]));
}

interface FoundHead {
  readonly account: string;
  readonly ref: SecretRef;
  readonly head: Head | null;
}

function held(found: readonly FoundHead[], parts: readonly Item[]): Held {
  const heads = [...found].sort((a, b) => (a.head?.n ?? -1) - (b.head?.n ?? -1));
  const accounts = [...heads.map((head) => head.account), ...parts.map((part) => part.account)];
  const newest = heads.at(-1);
  // Without a head they are pieces of nothing. A secret that cannot be put together keeps all its pieces until it is
  // replaced or deleted.
  if (!newest) return { current: null, value: null, accounts, leftovers: accounts };
  const { account, ref, head } = newest;
  const used = head === null || 'secret' in head ? [] : partAccounts(account, head.set, head.parts);
  const texts = used.map((name) => parts.find((part) => part.account === name)?.text);
  const value = head === null ? null : 'secret' in head ? head.secret : joinParts(head, texts);
  const inUse = new Set(value === null ? accounts : [account, ...used]);
  return {
    current: { account, ref, n: head?.n ?? 0 },
    value,
    accounts,
    leftovers: accounts.filter((name) => !inUse.has(name)),
  };
}

function partAccounts(head: string, set: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => partName(head, set, index + 1));
}

/** Deletes what no longer serves; false when something stayed. Never fails: the value in force is already written. */
async function collected(items: Items, accounts: readonly string[]): Promise<boolean> {
  try {
    for (const account of accounts) await items.delete(account);
    return true;
  } catch {
    return false;
  }
}

function damaged(ref: SecretRef): TokentrayError {
  return new TokentrayError('vault_damaged', `The keychain item ${quote(printableLabel(ref.label))} is damaged.`, {
    attempted: 'read a secret from the keychain',
    advice: 'Sign in to this server again; the new sign-in replaces the item.',
    facts: { kind: ref.kind, id: ref.id },
  });
}

/** One operation after the other: each is several calls to the keychain that belong together. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
