// What the bridge says by itself is the answer to the right request, in words for a person, and never a 401.
import { describe, expect, it } from 'vitest';
import { explain, requestIdsOf } from '../../main/bridge/answers.ts';
import { readIncoming } from '../../main/bridge/incoming.ts';
import { TokentrayError, type ErrorCode } from '../../main/errors.ts';
import { failure } from '../../main/net/failure.ts';
import { call } from './fixture.ts';

const ids = (body: string): unknown => requestIdsOf(readIncoming(Buffer.from(body)));
const link = (): string => 'http://127.0.0.1:1/sign-in/x';
const noLink = (): string => expect.fail('no link was needed');

describe('the request that an answer is for', () => {
  it('is read from its body', () => {
    expect(ids(call(0))).toEqual({ kind: 'one', id: 0 });
    expect(ids(call('a'))).toEqual({ kind: 'one', id: 'a' });
    expect(ids(`[${call(1)},${call(2)}]`)).toEqual({ kind: 'batch', ids: [1, 2] });
  });

  it.each([
    ['a notification', '{"jsonrpc":"2.0","method":"notifications/initialized"}'],
    ['a response', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['a batch without requests', '[{"jsonrpc":"2.0","method":"notifications/initialized"}]'],
    ['no JSON', '{'],
    ['no message', '"text"'],
    ['an id that is none', '{"jsonrpc":"2.0","id":{"a":1},"method":"x"}'],
    ['an id without measure', `{"jsonrpc":"2.0","id":"${'x'.repeat(2000)}","method":"x"}`],
    ['nothing', ''],
  ])('is nobody’s for %s', (_name, body) => {
    expect(ids(body)).toEqual({ kind: 'none' });
  });
});

describe('the explanation of a failure', () => {
  it('is never a 401, whatever the error', () => {
    const all: ErrorCode[] = [
      'needs_sign_in',
      'token_refused',
      'insufficient_scope',
      'agent_refused',
      'client_unknown',
    ];
    for (const code of all) expect(explain(new TokentrayError(code, 'x'), 'notes', link).status).not.toBe(401);
  });

  it('makes a sign-in link only where one helps', () => {
    expect(explain(new TokentrayError('needs_sign_in', 'x'), 'notes', link).url).toBe(link());
    expect(explain(new TokentrayError('unreachable', 'x'), 'notes', noLink).url).toBeNull();
  });

  it.each([
    ['UND_ERR_CONNECT_TIMEOUT', 504],
    ['UND_ERR_HEADERS_TIMEOUT', 504],
    ['ECONNREFUSED', 502],
    ['CERT_HAS_EXPIRED', 502],
    ['UND_ERR_SOCKET', 502],
  ])('of %s on the way is a %i', (code, status) => {
    const error = failure(new URL('https://notes.example/mcp'), Object.assign(new Error('inner'), { code }));
    expect(explain(error, 'notes', link)).toMatchObject({ status, code: 'unreachable' });
  });

  it('says nothing of an unexpected error but where to look', () => {
    const told = explain(new Error('inner detail'), 'notes', link);
    expect(told).toMatchObject({ status: 500, code: 'internal' });
    expect(told.message).not.toContain('inner detail');
  });
});
