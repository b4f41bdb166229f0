// Whoever answers for a server's name cannot make that server more than it is, neither at first nor later.
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serverPlaces } from '../../main/net/server-place.ts';

const family = (address: string): number => (address.includes(':') ? 6 : 4);

/** Answers these, one list after the other; an empty one means that there is no such name. */
function answering(...answers: string[][]): LookupFunction {
  let turn = 0;
  return (_hostname, options, callback) => {
    const addresses = answers[Math.min(turn, answers.length - 1)] ?? [];
    turn += 1;
    const [first] = addresses;
    if (first === undefined) return callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '');
    if (options.all !== true) return callback(null, first, family(first));
    return callback(
      null,
      addresses.map((address) => ({ address, family: family(address) })),
    );
  };
}

const placeAt = (url: string, addresses: string[], trusted = false): Promise<string> =>
  serverPlaces(answering(addresses)).of(new URL(url), trusted);

const connect = (lookup: LookupFunction, hostname: string): Promise<void> =>
  new Promise((resolve) => lookup(hostname, {}, () => resolve()));

describe('a server', () => {
  it.each([
    [['10.0.0.1'], 'private'],
    [['192.168.1.2', 'fe80::2'], 'private'],
    [['203.0.113.9'], 'public'],
    [['10.0.0.1', '203.0.113.9'], 'public'],
    [['10.0.0.1', '127.0.0.1'], 'public'],
    [['224.0.0.1'], 'reserved'],
    [[], 'public'],
  ])('whose name has the addresses %j counts as %s', async (addresses, place) => {
    expect(await placeAt('https://name.example', addresses)).toBe(place);
  });

  it('is not on this machine because its name says so, unless the user trusts it', async () => {
    for (const addresses of [['127.0.0.1'], ['::1'], ['0.0.0.0'], ['127.0.0.1', '::1']]) {
      expect(await placeAt('https://name.example', addresses)).toBe('public');
      expect(await placeAt('http://name.example', addresses, true)).toBe('loopback');
    }
  });

  it('is on this machine when its address or `localhost` says so, whatever a resolver says', async () => {
    for (const url of ['http://127.0.0.1:1', 'http://[::1]:1', 'http://localhost:1', 'https://mcp.localhost/']) {
      expect(await placeAt(url, ['203.0.113.9'])).toBe('loopback');
    }
    expect(await placeAt('https://10.0.0.1', ['203.0.113.9'])).toBe('private');
  });

  it('is on the link only when its name cannot be answered from elsewhere', async () => {
    expect(await placeAt('https://name.example', ['169.254.169.254'])).toBe('public');
    expect(await placeAt('http://name.example', ['169.254.169.254'], true)).toBe('public');
    expect(await placeAt('https://printer.local', ['fe80::2'])).toBe('link-local');
  });
});

describe('a name that had a public address once', () => {
  const server = new URL('https://name.example');

  it('stays public, whatever it answers later', async () => {
    const places = serverPlaces(answering(['203.0.113.9'], ['10.0.0.1']));
    expect(await places.of(server, false)).toBe('public');
    expect(await places.of(server, false)).toBe('public');
    const trusted = serverPlaces(answering(['203.0.113.9'], ['127.0.0.1']));
    expect(await trusted.of(server, true)).toBe('public');
    expect(await trusted.of(server, true)).toBe('public');
  });

  it('is public also when only a connection saw that', async () => {
    const toServer = serverPlaces(answering(['203.0.113.9'], ['10.0.0.1']));
    await connect(toServer.ofServers, server.hostname);
    expect(await toServer.of(server, false)).toBe('public');

    const toNamed = serverPlaces(answering(['10.0.0.1'], ['203.0.113.9'], ['10.0.0.1']));
    expect(await toNamed.of(server, false)).toBe('private');
    await connect(toNamed.ofNamed, server.hostname);
    expect(await toNamed.of(server, false)).toBe('public');
  });

  it('is not one that could not be looked up for a while', async () => {
    const places = serverPlaces(answering([], ['10.0.0.1'], []));
    expect(await places.of(server, false)).toBe('public');
    expect(await places.of(server, false)).toBe('private');
    expect(await places.of(server, false)).toBe('private');
  });

  it('is nobody else’s business: what servers name is not kept', async () => {
    const places = serverPlaces(answering(['203.0.113.9'], ['10.0.0.1']));
    await connect(places.ofNamed, server.hostname);
    expect(await places.of(server, false)).toBe('private');
  });
});
