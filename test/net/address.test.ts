// An address is recognised for what it is, however it is written.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoopbackUrl, mayName, placeOf, type Place } from '../../main/net/address.ts';

describe('the place of an address', () => {
  it.each<[string, Place]>([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.168.255.1', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['198.19.0.1', 'private'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['fec0::1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['2002:a9fe:a9fe::1', 'link-local'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b:1::1', 'private'],
    ['::10.0.0.1', 'private'],
    ['224.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['ff02::1', 'reserved'],
    ['2001:0:1::1', 'reserved'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['not an address', 'reserved'],
  ])('%s is %s', (address, place) => {
    expect(placeOf(address)).toBe(place);
  });

  it('is the same for an IPv4 address and for that address inside IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const expected = placeOf(address);
        expect(placeOf(`::ffff:${address}`)).toBe(expected);
        const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
        expect(placeOf(`::ffff:${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`)).toBe(expected);
        expect(placeOf(`2002:${hex[0]}${hex[1]}:${hex[2]}${hex[3]}::`)).toBe(expected);
      }),
    );
  });
});

describe('a server', () => {
  it('out there may name public addresses only', () => {
    expect([...mayName('public')]).toEqual(['public']);
    expect([...mayName('reserved')]).toEqual(['public']);
  });

  it('in a private network may name that, but neither this machine nor the link', () => {
    expect([...mayName('private')].sort()).toEqual(['private', 'public']);
  });

  it('on this machine may name everything but the link', () => {
    expect([...mayName('loopback')].sort()).toEqual(['loopback', 'private', 'public']);
  });
});

describe('this machine', () => {
  it.each(['http://localhost:1', 'http://a.b.LocalHost./', 'http://127.9.9.9', 'http://[::1]:80', 'http://0x7f000001'])(
    'is meant by %s',
    (url) => expect(isLoopbackUrl(new URL(url))).toBe(true),
  );
  it.each(['http://localhost.example', 'http://notlocalhost', 'http://127.0.0.1.example', 'http://10.0.0.1'])(
    'is not meant by %s',
    (url) => expect(isLoopbackUrl(new URL(url))).toBe(false),
  );
});
