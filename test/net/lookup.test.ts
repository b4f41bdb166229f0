// A name is judged by the addresses that are connected to, every time anew.
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { mayName } from '../../main/net/address.ts';
import { guardedLookup, localhostAware } from '../../main/net/lookup.ts';

function answering(...answers: string[][]): LookupFunction {
  let turn = 0;
  return (_hostname, _options, callback) => {
    const addresses = answers[Math.min(turn, answers.length - 1)] ?? [];
    turn += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

function ask(lookup: LookupFunction, all = true, hostname = 'name.example'): Promise<string | LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all }, (error, found) => (error === null ? resolve(found) : reject(error)));
  });
}

describe('a name', () => {
  it('that changes its answer to this machine (DNS rebinding) is refused at that moment', async () => {
    const lookup = guardedLookup(answering(['203.0.113.9'], ['127.0.0.1']), mayName('public'));
    expect(await ask(lookup)).toEqual([{ address: '203.0.113.9', family: 4 }]);
    await expect(ask(lookup)).rejects.toMatchObject({ code: 'forbidden_address' });
  });

  it('with a good and a forbidden address is only ever given the good one', async () => {
    const mixed = answering(['10.0.0.1', '203.0.113.9', '::1']);
    expect(await ask(guardedLookup(mixed, mayName('public')))).toEqual([{ address: '203.0.113.9', family: 4 }]);
    expect(await ask(guardedLookup(mixed, mayName('public')), false)).toBe('203.0.113.9');
  });

  it('under localhost is this machine, without asking anybody', async () => {
    const lookup = localhostAware(answering(['203.0.113.9']));
    for (const name of ['localhost', 'api.localhost', 'LOCALHOST.']) {
      expect(await ask(lookup, true, name)).toContainEqual({ address: '127.0.0.1', family: 4 });
    }
    expect(await ask(lookup, true, 'localhost.example')).toEqual([{ address: '203.0.113.9', family: 4 }]);
  });
});
