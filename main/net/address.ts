// Where an address lies: on this machine, on this link, in a private network, or in public. Decides what may name what.
import { BlockList, isIP, isIPv4 } from 'node:net';
import { assertNever } from '../errors.ts';

export type Place = 'public' | 'private' | 'link-local' | 'loopback' | 'reserved';

// Sources: the IANA special-purpose address registries (RFC 6890) and multicast (RFC 5771, RFC 4291 section 2.7).
// The documentation blocks count as public: nothing answers there.
const blocks: Readonly<Record<Exclude<Place, 'public'>, readonly string[]>> = {
  // "This host on this network" reaches this machine (RFC 1122 section 3.2.1.3).
  loopback: ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'],
  // Cloud instances serve their credentials from 169.254.169.254.
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  // RFC 1918, carrier-grade NAT (RFC 6598), unique local (RFC 4193), site-local (RFC 3879), benchmarking (RFC 2544),
  // protocol assignments, and the local-use NAT64 prefix (RFC 8215).
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '192.0.0.0/24',
    '198.18.0.0/15',
    'fc00::/7',
    'fec0::/10',
    '64:ff9b:1::/48',
  ],
  // Multicast, future use, broadcast, and Teredo, whose inner address cannot be trusted.
  reserved: ['224.0.0.0/4', '240.0.0.0/4', 'ff00::/8', '2001::/32', '100::/64'],
};

const lists = (Object.keys(blocks) as (keyof typeof blocks)[]).map((place) => {
  const list = new BlockList();
  for (const block of blocks[place]) {
    const [net = '', bits = ''] = block.split('/');
    list.addSubnet(net, Number(bits), isIPv4(net) ? 'ipv4' : 'ipv6');
  }
  return { place, list };
});

/** The place of an IP address; a zone id is ignored. What is no IP address is `reserved`. */
export function placeOf(address: string): Place {
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 0) return 'reserved';
  if (family === 6) {
    const inner = embeddedIPv4(groupsOf(bare));
    if (inner !== null) return placeOf(inner);
  }
  for (const { place, list } of lists) if (list.check(bare, family === 4 ? 'ipv4' : 'ipv6')) return place;
  return 'public';
}

/**
 * What a server in one place may name. One's own machine may name the private network; a private network must not name
 * this machine; nothing but the link itself names the link.
 */
export function mayName(server: Place): ReadonlySet<Place> {
  switch (server) {
    case 'loopback':
      return new Set<Place>(['public', 'private', 'loopback']);
    case 'private':
      return new Set<Place>(['public', 'private']);
    case 'link-local':
      return new Set<Place>(['public', 'link-local']);
    case 'public':
    case 'reserved':
      return new Set<Place>(['public']);
    default:
      return assertNever(server);
  }
}

/** The IP address that a URL's host is, or null when it is a name. `URL` has already undone octal and hex spellings. */
export function literalAddress(url: URL): string | null {
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  return isIP(host) === 0 ? null : host;
}

/** `localhost` and everything under it means this machine, whatever a resolver says (RFC 6761 section 6.3). */
export function isLocalhostName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

/** Where a URL says itself that it points to, without asking a resolver; null: to a name that could be anywhere. */
export function statedPlace(url: URL): Place | null {
  const literal = literalAddress(url);
  if (literal !== null) return placeOf(literal);
  return isLocalhostName(url.hostname) ? 'loopback' : null;
}

/** Whether a URL names this machine by its own words, without asking a resolver. */
export function isLoopbackUrl(url: URL): boolean {
  return statedPlace(url) === 'loopback';
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${hex(Number(dotted[2]) * 256 + Number(dotted[3]))}:${hex(Number(dotted[4]) * 256 + Number(dotted[5]))}`;
  const [head = '', tail] = plain.split('::');
  const front = readGroups(head);
  const back = tail === undefined ? [] : readGroups(tail);
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}

function readGroups(part: string): number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}

/** IPv4 inside IPv6: mapped and compatible (RFC 4291 section 2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedIPv4(groups: readonly number[]): string | null {
  const [a, b, c, d, e, f, g = 0, h = 0] = groups;
  const zeros = a === 0 && b === 0 && c === 0 && d === 0;
  if (zeros && e === 0 && f === 0xffff) return dottedIPv4(g, h);
  if (zeros && e === 0xffff && f === 0) return dottedIPv4(g, h);
  if (zeros && e === 0 && f === 0 && (g !== 0 || h > 1)) return dottedIPv4(g, h);
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return dottedIPv4(g, h);
  if (a === 0x2002) return dottedIPv4(b ?? 0, c ?? 0);
  return null;
}

function dottedIPv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function hex(value: number): string {
  return value.toString(16);
}
