// Name look-ups that keep the address rules: checked on the addresses that are connected to, so that a name whose
// answer changes between two questions (DNS rebinding) gets nowhere.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { isLocalhostName, literalAddress, placeOf, type Place } from './address.ts';

const ownMachine: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** The system's look-up, except that `localhost` names never leave this machine (RFC 6761 section 6.3). */
export function localhostAware(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    if (!isLocalhostName(hostname)) lookup(hostname, options, callback);
    else give([...ownMachine], options.all === true, callback);
  };
}

/** A look-up that answers only with addresses in the places that may be named, and fails when none is left. */
export function guardedLookup(lookup: LookupFunction, allowed: ReadonlySet<Place>): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) return callback(error, '');
      const addresses = asList(found, family);
      const good = addresses.filter(({ address }) => allowed.has(placeOf(address)));
      if (good.length === 0) return callback(forbidden(hostname, addresses[0]?.address ?? null), '');
      return give(good, options.all === true, callback);
    });
  };
}

/** Where a server is: public as soon as one of its addresses is, or when its name cannot be looked up. */
export async function placeOfHost(url: URL, lookup: LookupFunction): Promise<Place> {
  const literal = literalAddress(url);
  if (literal !== null) return placeOf(literal);
  const addresses = await new Promise<LookupAddress[]>((resolve) => {
    lookup(url.hostname, { all: true }, (error, found, family) => resolve(error === null ? asList(found, family) : []));
  });
  const places = new Set(addresses.map(({ address }) => placeOf(address)));
  const [only] = places;
  if (places.size === 1 && only !== undefined) return only;
  // A name in the home network often has a link-local address beside its private one.
  const unnamed = [...places].filter((place) => place !== 'private' && place !== 'link-local');
  return places.has('private') && unnamed.length === 0 ? 'private' : 'public';
}

export function forbidden(host: string, address: string | null): TokentrayError {
  const where = address === null || address === host ? '' : ` (${quote(address)})`;
  return new TokentrayError('forbidden_address', `${quote(host)}${where} is not an address that this server may name`, {
    attempted: 'reach an address that a server named',
    subject: quote(host),
    advice: 'A server may only name public addresses, unless it is itself in your network or on your machine.',
    facts: { sent: false },
  });
}

function asList(found: string | LookupAddress[], family: number | undefined): LookupAddress[] {
  return typeof found === 'string' ? [{ address: found, family: family ?? 4 }] : found;
}

function give(addresses: LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (all || first === undefined) callback(null, addresses);
  else callback(null, first.address, first.family);
}
