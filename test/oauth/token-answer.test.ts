// Tokens are understood in every form that servers write them, and nothing else is taken for one.
import { describe, expect, it } from 'vitest';
import { refresh } from '../../main/oauth/token.ts';
import type { TokenSet } from '../../main/oauth/types.ts';
import { secret } from '../../main/secret.ts';
import { failureOf, legTo, noon, serve } from './legs/fixture.ts';

async function answered(body: unknown, headers: Record<string, string> = {}): Promise<TokenSet> {
  const server = await serve(() => ({ body, headers }));
  return refresh(legTo(server), secret('the-refresh-token'));
}

describe('an answer with a token', () => {
  it('is read with every number, list and null that servers are known to write', async () => {
    const tokens = await answered({
      access_token: 'at',
      token_type: 'BEARER',
      expires_in: '3600',
      refresh_token: null,
      id_token: null,
      scope: [['read', 'write'], 'admin,read'],
      error: null,
    });
    expect(tokens.access_token.reveal()).toBe('at');
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      expires_at: noon + 3_600_000,
      scope: ['read', 'write', 'admin'],
    });
    expect(tokens.refresh_token).toBeUndefined();
    expect(tokens.id_token).toBeUndefined();
  });

  it.each([
    [{ expires_in: 60 }, noon + 60_000],
    [{ expires_in: '59.5' }, noon + 59_500],
    [{}, null],
    [{ expires_in: null }, null],
    [{ expires_in: 0 }, null],
    [{ expires_in: -1 }, null],
    [{ expires_in: 'soon' }, null],
    [{ expires_in: '' }, null],
    [{ expires_in: { seconds: 60 } }, null],
  ])('with %j ends at %j', async (more, expected) => {
    expect((await answered({ access_token: 'at', ...more })).expires_at).toBe(expected);
  });

  it.each([
    ['a b', ['a', 'b']],
    ['a,b, c', ['a', 'b', 'c']],
    [
      ['a', 'b c'],
      ['a', 'b', 'c'],
    ],
    ['', null],
    [null, null],
    [undefined, null],
    [7, null],
  ])('with scope %j grants %j', async (scope, expected) => {
    expect((await answered({ access_token: 'at', scope })).scope).toEqual(expected);
  });

  it('is a Bearer token when it does not say, also in the words of Slack and Apigee', async () => {
    for (const token_type of [undefined, null, 'bearer', 'user', 'BearerToken']) {
      expect((await answered({ access_token: 'at', token_type })).token_type).toBe('bearer');
    }
  });

  it('is not used when its type is unknown, or bound to a key that we never showed', async () => {
    for (const token_type of ['mac', 'DPoP']) {
      const error = await failureOf(answered({ access_token: 'at-SENTINEL', token_type }));
      expect(error).toMatchObject({ code: 'token_refused' });
      expect(error.facts).toMatchObject({ kind: 'refused' });
      expect(error.message).not.toContain('SENTINEL');
    }
  });

  it('is read whatever its content type says, with a byte order mark, or as a form', async () => {
    const json = '\ufeff{"access_token":"at","expires_in":60}';
    expect((await answered(json, { 'content-type': 'text/html' })).expires_at).toBe(noon + 60_000);
    const form = await answered('access_token=at&scope=a%2Cb&token_type=bearer', {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    });
    expect(form.scope).toEqual(['a', 'b']);
  });

  it('is refused when the token could not travel in a header', async () => {
    for (const access_token of ['', 'a b', 'a\r\nx-evil: 1', 'ü', 7, null, ['at']]) {
      expect((await failureOf(answered({ access_token }))).code).toBe('token_unavailable');
    }
  });

  it('prints no token, however it is printed', async () => {
    const tokens = await answered({
      access_token: 'at-SENTINEL',
      refresh_token: 'rt-SENTINEL',
      id_token: 'id-SENTINEL',
    });
    expect(tokens.refresh_token?.reveal()).toBe('rt-SENTINEL');
    expect(`${JSON.stringify(tokens)} ${String(tokens.access_token)}`).not.toContain('SENTINEL');
  });
});
