// Pinned tools: the definitions that the person agreed to, what the server has now, and what a difference leads to.
import type { PinnedTool } from '../../preload/contract-access.ts';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import type { DefinitionHead, PinnedToolKey, PinnedToolRow, Store } from '../store/types.ts';
import { definitionOf } from './definition.ts';
import {
  deceptiveWords,
  duplicateWords,
  keepableName,
  LookAlikes,
  lookAlikeWords,
  suspicion,
  toolsByName,
  type ListedTool,
} from './listed-tools.ts';
import { memberOf, stricter } from './markings.ts';
import { pagesOfBaseline } from './baseline.ts';
import { pinEvents } from './pin-events.ts';
import type { Marking } from './rules.ts';
import { isDeceptive } from './tool-name.ts';
import type { Pinning } from './types.ts';

/** How things stand for one tool of one account. */
export interface Standing {
  /** `unknown`: nothing was agreed to yet that this tool could differ from. */
  readonly state: 'accepted' | 'held' | 'warned' | 'unknown';
  /** Why it is held or warned of, as words after the tool's name and a colon; else null. */
  readonly because: string | null;
  readonly marked: Marking;
  /** Whether a definition that counts stands behind `marked`. */
  readonly known: boolean;
  /** Whether its server has listed it, as far as anybody saw. */
  readonly listed: boolean;
}

/** Where in a list a page stands: the `cursor` of the request and the `nextCursor` of the result. */
export interface Page {
  readonly cursor: unknown;
  readonly next: unknown;
}

export interface Pins {
  /**
   * Takes note of a list of tools. With `agreed`, where nothing is accepted yet, all of it is: an approval stands, and this is
   * what it is about. A list in several pages is one list.
   */
  seen(
    server: string,
    account: string,
    tools: readonly unknown[],
    how: { readonly agreed: boolean; readonly page?: Page },
  ): void;
  standing(server: string, account: string, tool: unknown): Standing;
  /** The list without what is held; the same list where nothing is. */
  filter(server: string, account: string, tools: readonly unknown[]): readonly unknown[];
  /** Held ones first. */
  list(server: string, account: string): PinnedTool[];
  /**
   * Agrees to what is seen now; gives how many. What is not as it was at `seenAt` is left as it is.
   * @throws invalid_input when that goes for all of them
   */
  accept(
    server: string,
    account: string,
    tools: ReadonlyArray<{ readonly tool: string; readonly seenAt: number }>,
  ): number;
  /** How many are held, of all accounts of a server. */
  heldOf(server: string): number;
  /** As `heldOf`, without the servers that have none. */
  held(): Array<{ server: string; held: number }>;
  /** After a setting or the rules of a server changed what is held. */
  settingChanged(): void;
  /** A server, or one account of it, is gone, and with it all that was agreed to. */
  forget(server: string, account?: string): void;
}

export interface PinsParts {
  readonly store: Pick<Store, 'pinnedTools' | 'events' | 'transaction'>;
  readonly clock: Clock;
  /** Of the server, or else of the whole app. */
  readonly pinning: (server: string) => Pinning;
  /** Told when it is another number than before. */
  readonly onHeld: (server: string, held: number) => void;
}

/** Of one account; more than that nobody looks through. What no one agreed to and the server dropped makes room. */
const mostTools = 2_000;
/** Characters that the seen definitions of one account may take; beyond that only beginnings are kept. */
const mostRoom = 8 * 1_024 * 1_024;

type Entry = PinnedToolRow<DefinitionHead> & { readonly size: number };

/** What is known of one account. */
interface Known {
  readonly entries: Map<string, Entry>;
  readonly looks: LookAlikes;
  room: number;
}

export function createPins({ store, clock, pinning, onHeld }: PinsParts): Pins {
  const servers = new Map<string, Map<string, Known>>();
  const told = new Map<string, number>();
  const baseline = pagesOfBaseline(clock);
  const events = pinEvents({ store, clock });

  const accountsOf = (server: string): Map<string, Known> => {
    const found = servers.get(server);
    if (found !== undefined) return found;
    const accounts = new Map<string, Known>();
    for (const entry of store.pinnedTools.heads(server)) put(accounts, entry);
    servers.set(server, accounts);
    return accounts;
  };
  const knownOf = (server: string, account: string): Known => accountsOf(server).get(account) ?? nothing();

  const heldOf = (server: string): number => {
    if (pinning(server) !== 'hold') return 0;
    const all = [...accountsOf(server).values()].map((known) => ({ known, begun: hasBegun(known) }));
    return all
      .map(({ known, begun }) => [...known.entries.values()].filter((entry) => difference(known, entry, begun)).length)
      .reduce((sum, held) => sum + held, 0);
  };
  const tell = (server: string): void => {
    const held = heldOf(server);
    if ((told.get(server) ?? 0) === held) return;
    told.set(server, held);
    onHeld(server, held);
  };

  /** Writes one definition down; false where there is no room for it, or no such server any more. */
  const note = (key: PinnedToolKey, tool: ListedTool, listed: ReadonlyMap<string, ListedTool>): boolean => {
    const accounts = accountsOf(key.server);
    const known = accounts.get(key.account) ?? nothing();
    const before = known.entries.get(key.tool);
    if (before === undefined && known.entries.size >= mostTools && !makeRoom(key, known, listed)) return false;
    const seen = definitionOf(tool.values, known.room > mostRoom);
    const seenAt = Math.max(clock.now(), (before?.seenAt ?? 0) + 1);
    if (!store.pinnedTools.see(key, seen, seenAt)) return false;
    const { parts, ...head } = seen;
    const size = JSON.stringify(parts).length;
    put(accounts, {
      ...key,
      accepted: before?.accepted ?? null,
      acceptedAt: before?.acceptedAt ?? null,
      seen: head,
      seenAt,
      size,
    });
    return true;
  };

  const makeRoom = (key: PinnedToolKey, known: Known, listed: ReadonlyMap<string, ListedTool>): boolean => {
    const gone = [...known.entries.values()].find((entry) => entry.accepted === null && !listed.has(entry.tool));
    if (gone === undefined || !store.pinnedTools.remove({ ...key, tool: gone.tool })) return false;
    known.entries.delete(gone.tool);
    known.looks.remove(gone.tool);
    known.room -= gone.size;
    return true;
  };

  const agree = (key: PinnedToolKey, seenAt: number): boolean => {
    const known = knownOf(key.server, key.account);
    const entry = known.entries.get(key.tool);
    const at = clock.now();
    if (entry === undefined || entry.seenAt !== seenAt || !store.pinnedTools.accept(key, seenAt, at)) return false;
    known.entries.set(key.tool, { ...entry, accepted: entry.seen, acceptedAt: at });
    return true;
  };

  const see = (server: string, account: string, listed: ReadonlyMap<string, ListedTool>, takes: boolean): void => {
    const changed: string[] = [];
    const added: string[] = [];
    const noted: ListedTool[] = [];
    for (const tool of listed.values()) {
      const before = knownOf(server, account).entries.get(tool.name);
      if (before?.seen.hash !== tool.hash) {
        if (!note({ server, account, tool: tool.name }, tool, listed)) continue;
        const to = tool.hash === before?.accepted?.hash ? null : before?.accepted ? changed : added;
        to?.push(tool.name);
      }
      noted.push(tool);
    }
    const known = knownOf(server, account);
    const accepted = noted
      .filter(
        (tool) => takes && known.entries.get(tool.name)?.accepted === null && suspicion(tool, known.looks) === null,
      )
      .filter(({ name }) => agree({ server, account, tool: name }, known.entries.get(name)?.seenAt ?? 0))
      .map(({ name }) => name);
    const isNew = new Set(accepted);
    const held = added.filter((name) => !isNew.has(name));
    if (accepted.length > 0) events.accepted(server, account, accepted, 'first list');
    if (pinning(server) === 'off') return;
    if (changed.length > 0) events.changed(server, account, changed);
    if (held.length > 0 && hasBegun(known)) events.added(server, account, held);
  };

  const standing = (server: string, account: string, tool: unknown): Standing => {
    const name = keepableName(tool);
    const mode = pinning(server);
    const known = knownOf(server, account);
    const begun = hasBegun(known);
    if (name === null) {
      const because = begun ? 'its name cannot be checked' : null;
      return { ...at(mode, because), marked: 'unmarked', known: false, listed: false };
    }
    const entry = known.entries.get(name);
    if (entry !== undefined) {
      const because = difference(known, entry, begun);
      const agreedTo = entry.accepted !== null || mode !== 'hold';
      const state =
        because === null ? ({ state: begun ? 'accepted' : 'unknown', because } as const) : at(mode, because);
      return { ...state, marked: markedAs(entry, mode), known: agreedTo, listed: true };
    }
    const twins = known.looks.of(name).flatMap((other) => known.entries.get(other) ?? []);
    const [twin] = twins;
    const destructive = twins.some((other) => markedAs(other, mode) === 'destructive');
    const because = twin === undefined ? (begun && mode === 'hold' ? unlistedWords : null) : lookAlikeWords(twin.tool);
    return { ...at(mode, because), marked: destructive ? 'destructive' : 'unmarked', known: false, listed: false };
  };

  return {
    seen(server, account, tools, { agreed, page = { cursor: undefined, next: undefined } }) {
      const listed = toolsByName(tools);
      const known = knownOf(server, account);
      const takes = agreed && baseline.takes(JSON.stringify([server, account]), page, hasBegun(known));
      const asBefore = [...listed.values()].every(({ name, hash }) => known.entries.get(name)?.seen.hash === hash);
      if (asBefore && !takes) return;
      try {
        store.transaction(() => see(server, account, listed, takes));
      } catch (error) {
        // What was not written must not be remembered either.
        servers.delete(server);
        throw error;
      }
      tell(server);
    },

    standing,

    filter(server, account, tools) {
      if (pinning(server) !== 'hold') return tools;
      const listed = toolsByName(tools);
      const looks = new LookAlikes();
      for (const name of listed.keys()) looks.add(name);
      const known = knownOf(server, account);
      const begun = hasBegun(known);
      const given = new Set<string>();
      const kept = tools.filter((tool) => {
        const listing = listed.get(keepableName(memberOf(tool, 'name')) ?? '');
        if (listing === undefined || given.has(listing.name)) return false;
        given.add(listing.name);
        const accepted = known.entries.get(listing.name)?.accepted ?? null;
        if (accepted !== null) return accepted.hash === listing.hash;
        // Neither like another one of this list, nor like one of an earlier list that nobody agreed to.
        return !begun && suspicion(listing, looks) === null && known.looks.of(listing.name).length === 0;
      });
      return kept.length === tools.length ? tools : kept;
    },

    list(server, account) {
      const known = knownOf(server, account);
      const begun = hasBegun(known);
      const mode = pinning(server);
      const all = store.pinnedTools.list(server, account).map((row): PinnedTool => {
        const because = difference(known, row, begun);
        const isAccepted = because === null && row.accepted !== null;
        return {
          tool: row.tool,
          state: isAccepted ? 'accepted' : because !== null && mode === 'hold' ? 'held' : 'warned',
          marked: markedAs(row, mode),
          accepted: row.accepted?.parts ?? null,
          acceptedAt: row.acceptedAt,
          seen: row.seen.parts,
          seenAt: row.seenAt,
          because: isAccepted ? null : (because ?? 'nobody has agreed to it yet'),
        };
      });
      return all.sort((a, b) => Number(b.state === 'held') - Number(a.state === 'held'));
    },

    accept(server, account, tools) {
      const agreed = store.transaction(() =>
        tools.filter(({ tool, seenAt }) => agree({ server, account, tool }, seenAt)).map(({ tool }) => tool),
      );
      if (agreed.length === 0 && tools.length > 0) {
        const [first] = tools;
        throw new TokentrayError('invalid_input', `${quote(first?.tool, 80)} is not as it was when you looked`, {
          attempted: 'accept the definitions',
          advice: 'Look at the tools again, and accept what you see then.',
        });
      }
      if (agreed.length > 0) events.accepted(server, account, agreed, 'person');
      tell(server);
      return agreed.length;
    },

    heldOf,

    held: () =>
      store.pinnedTools
        .servers()
        .map((server) => ({ server, held: heldOf(server) }))
        .filter(({ held }) => held > 0),

    settingChanged() {
      for (const server of store.pinnedTools.servers()) tell(server);
    },

    forget(server, account) {
      store.pinnedTools.drop(server, account);
      servers.delete(server);
      baseline.forget(server);
      tell(server);
    },
  };
}

const unlistedWords = 'the server has not listed it since you agreed to its tools';

const nothing = (): Known => ({ entries: new Map(), looks: new LookAlikes(), room: 0 });

function put(accounts: Map<string, Known>, entry: Entry): void {
  const known = accounts.get(entry.account) ?? nothing();
  known.room += entry.size - (known.entries.get(entry.tool)?.size ?? 0);
  known.entries.set(entry.tool, entry);
  known.looks.add(entry.tool);
  accounts.set(entry.account, known);
}

/** Whether the person agreed to any of the tools. */
function hasBegun({ entries }: Known): boolean {
  for (const { accepted } of entries.values()) if (accepted !== null) return true;
  return false;
}

/** Why a tool is not as the person agreed to it; null where it is, or where nothing was agreed to yet. */
function difference(known: Known, entry: PinnedToolRow<DefinitionHead>, begun: boolean): string | null {
  const { accepted, seen, tool } = entry;
  if (accepted !== null) {
    if (accepted.hash === seen.hash) return null;
    return seen.copies > 1 ? duplicateWords : 'its definition has changed since you agreed to it';
  }
  if (seen.copies > 1) return duplicateWords;
  if (isDeceptive(tool)) return deceptiveWords;
  const [other] = known.looks.of(tool);
  if (other !== undefined) return lookAlikeWords(other);
  return begun ? 'it is new since you agreed to the tools' : null;
}

/** A hint that lets more through counts once it was agreed to; one that lets less through counts at once. */
function markedAs({ accepted, seen }: PinnedToolRow<DefinitionHead>, mode: Pinning): Marking {
  if (accepted !== null) return stricter(accepted.marked, seen.marked);
  return mode === 'hold' ? stricter('unmarked', seen.marked) : seen.marked;
}

function at(mode: Pinning, because: string | null): Pick<Standing, 'state' | 'because'> {
  if (because === null) return { state: 'unknown', because };
  if (mode === 'off') return { state: 'accepted', because: null };
  return { state: mode === 'hold' ? 'held' : 'warned', because };
}
