// The lists of tools that the broker reads by itself: what is called is judged by what the server says of it, seen by an agent or not.
import type { Clock } from '../ports.ts';
import type { Pins } from './pins.ts';

export type ToolsRead =
  | { readonly kind: 'listed'; readonly pages: readonly ListedPage[] }
  /** The server is there, and gives no list. */
  | { readonly kind: 'unreadable' };

export interface ListedPage {
  readonly tools: readonly unknown[];
  /** Of the request; undefined: the first page. */
  readonly cursor: string | undefined;
  /** Of the result; undefined: the last page. */
  readonly next: string | undefined;
}

export interface ListingParts {
  readonly clock: Clock;
  readonly pins: Pick<Pins, 'seen'>;
  /** Asks the server. @throws needs_sign_in, paused, locked, and what says that it cannot be reached */
  readonly readTools: (server: string, account: string) => Promise<ToolsRead>;
}

export interface Listings {
  /** Whether the list was read just now: what it does not hold needs no second look. */
  isFresh(server: string, account: string): boolean;
  /**
   * Reads it, once for all that ask meanwhile, and takes note of it.
   * @param agreed as for `Pins.seen`, looked at when the list is there
   * @throws as `ListingParts.readTools`
   */
  read(server: string, account: string, agreed: () => boolean): Promise<ToolsRead['kind']>;
  forget(server: string, account?: string): void;
}

/** A tool that its server does not list may be called many times; the server is not asked for its list each time. */
const freshForMs = 60_000;

interface Listing {
  readonly server: string;
  readonly account: string;
  reading: Promise<ToolsRead['kind']> | null;
  readAt: number | null;
}

export function createListings({ clock, pins, readTools }: ListingParts): Listings {
  const listings = new Map<string, Listing>();
  const of = (server: string, account: string): Listing => {
    const key = JSON.stringify([server, account]);
    const listing = listings.get(key) ?? { server, account, reading: null, readAt: null };
    listings.set(key, listing);
    return listing;
  };

  const readInto = async (listing: Listing, agreed: () => boolean): Promise<ToolsRead['kind']> => {
    const { server, account } = listing;
    const read = await readTools(server, account);
    // Forgotten meanwhile, it is the list of nobody.
    if (read.kind === 'unreadable' || of(server, account) !== listing) return 'unreadable';
    for (const { tools, cursor, next } of read.pages) {
      pins.seen(server, account, tools, { agreed: agreed(), page: { cursor, next } });
    }
    listing.readAt = clock.now();
    return 'listed';
  };

  return {
    isFresh(server, account) {
      const { readAt } = of(server, account);
      const age = readAt === null ? -1 : clock.now() - readAt;
      return age >= 0 && age < freshForMs;
    },
    read(server, account, agreed) {
      const listing = of(server, account);
      listing.reading ??= readInto(listing, agreed).finally(() => {
        listing.reading = null;
      });
      return listing.reading;
    },
    forget(server, account) {
      for (const [key, listing] of listings) {
        if (listing.server === server && (account === undefined || listing.account === account)) listings.delete(key);
      }
    },
  };
}
