// Ways out of this machine for tests: as a server here or out there would have it, with a look-up that knows its names only.
import type { LookupFunction } from 'node:net';
import { afterEach, expect } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { createOutbound, type Outbound, type OutboundOptions } from '../../main/net/outbound.ts';
import type { Fetch } from '../../main/ports.ts';
import { silent } from '../oauth/servers.ts';

const open: Outbound[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((outbound) => outbound.close()));
});

export function outbound(options: Partial<OutboundOptions> = {}): Outbound {
  const made = createOutbound({ log: silent, env: {}, lookup: names({}), ...options });
  open.push(made);
  return made;
}

/** A look-up that knows these names only; a list of lists answers differently every time. */
export function names(known: Record<string, string[] | string[][]>): LookupFunction {
  const turns = new Map<string, number>();
  return (hostname, options, callback) => {
    const entry = known[hostname];
    if (entry === undefined) {
      return callback(Object.assign(new Error(`no ${hostname}`), { code: 'ENOTFOUND' }), '');
    }
    const turn = turns.get(hostname) ?? 0;
    turns.set(hostname, turn + 1);
    const now = Array.isArray(entry[0])
      ? ((entry as string[][])[turn] ?? (entry as string[][]).at(-1))
      : (entry as string[]);
    const addresses = (now ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  };
}

/** As a server on this machine would have it. */
export const local = (options: Partial<OutboundOptions> = {}): Fetch =>
  outbound(options).oauthFetch({ server: new URL('http://127.0.0.1:1/mcp'), allowHttp: false });

/** As a server out there would have it. */
export const remote = (known: Record<string, string[] | string[][]> = {}, allowHttp = false): Fetch =>
  outbound({ lookup: names({ 'mcp.example': ['203.0.113.7'], ...known }) }).oauthFetch({
    server: new URL('https://mcp.example/mcp'),
    allowHttp,
  });

export async function refusal(attempt: Promise<unknown>): Promise<TokentrayError> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TokentrayError);
  return error as TokentrayError;
}
