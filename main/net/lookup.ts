// Name look-ups that keep the address rules: checked on the addresses that are connected to, so that a name whose
// answer changes between two questions (DNS rebinding) gets nowhere.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { isLocalhostName, placeOf, type Place } from './address.ts';

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
    lookupAll(lookup, hostname, options, callback, (addresses) => {
      const good = addresses.filter(({ address }) => allowed.has(placeOf(address)));
      return good.length === 0 ? forbidden(hostname, addresses[0]?.address ?? null) : good;
    });
  };
}

/** Looks up every address of a name, whatever was asked for, and gives on what `judge` makes of them. */
export function lookupAll(
  lookup: LookupFunction,
  hostname: string,
  options: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
  judge: (addresses: LookupAddress[]) => LookupAddress[] | TokentrayError,
): void {
  lookup(hostname, { ...options, all: true }, (error, found, family) => {
    if (error !== null) return callback(error, '');
    const judged = judge(asList(found, family));
    if (judged instanceof TokentrayError) return callback(judged, '');
    return give(judged, options.all === true, callback);
  });
}

export function forbidden(host: string, address: string | null): TokentrayError {
  const where = address === null || address === host ? '' : ` (${quote(address)})`;
  return new TokentrayError('forbidden_address', `${quote(host)}${where} is not an address that this server may name`, {
    attempted: 'reach an address that a server named',
    subject: quote(host),
    advice:
      'A server may only name public addresses, unless it is itself in your network or on your machine. A name for your own machine counts as that when it is localhost, or when http is allowed for the server.',
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
