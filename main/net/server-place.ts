// Where a server itself is, which decides what it may name. Its owner answers the look-ups of its name, so an answer can
// take rights away for as long as this process lives, and never give any back.
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { placeOf, statedPlace, type Place } from './address.ts';
import { lookupAll } from './lookup.ts';

export interface ServerPlaces {
  /**
   * By every address that the server's name ever had: public as soon as one of them was, or when there is none.
   * A name under which no resolver must answer (`localhost`) and a literal address say themselves where they are. Any
   * other name is on this machine only by the user's word: whoever owns it could claim that and reach what listens here.
   */
  of(server: URL, trusted: boolean): Promise<Place>;
  /** A look-up for connections to servers; what it answers counts. */
  readonly ofServers: LookupFunction;
  /** A look-up for connections to what servers name; it counts where the name is a server's. */
  readonly ofNamed: LookupFunction;
}

export function serverPlaces(lookup: LookupFunction): ServerPlaces {
  // Only names of servers, and there are as many of those as the user has.
  const seen = new Map<string, Set<Place>>();

  const learning =
    (counts: (hostname: string) => boolean): LookupFunction =>
    (hostname, options, callback) => {
      lookupAll(lookup, hostname, options, callback, (addresses) => {
        if (counts(hostname)) learn(hostname, addresses);
        return addresses;
      });
    };

  function learn(hostname: string, addresses: readonly LookupAddress[]): void {
    const places = seen.get(hostname) ?? new Set<Place>();
    seen.set(hostname, places);
    for (const { address } of addresses) places.add(placeOf(address));
  }

  const ofServers = learning(() => true);
  return {
    async of(server, trusted) {
      const stated = statedPlace(server);
      if (stated !== null) return stated;
      const { hostname } = server;
      await new Promise<void>((resolve) => ofServers(hostname, { all: true }, () => resolve()));
      const place = together(seen.get(hostname) ?? new Set());
      if (place === 'loopback' && !trusted) return 'public';
      // Nobody out there answers for names under `.local` (RFC 6762 section 3).
      if (place === 'link-local' && !/\.local\.?$/i.test(hostname)) return 'public';
      return place;
    },
    ofServers,
    ofNamed: learning((hostname) => seen.has(hostname)),
  };
}

function together(places: ReadonlySet<Place>): Place {
  const [only] = places;
  if (places.size === 1 && only !== undefined) return only;
  // A name in the home network often has a link-local address beside its private one.
  const unnamed = [...places].filter((place) => place !== 'private' && place !== 'link-local');
  return places.has('private') && unnamed.length === 0 ? 'private' : 'public';
}
