// Only a definite end ends a grant: everything that can go wrong at a token endpoint, and what it is taken for.
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutbound } from '../../main/net/outbound.ts';
import { deadRefreshTokens } from '../../main/oauth/token-errors.ts';
import { clientCredentials, exchangeCode, refresh } from '../../main/oauth/token.ts';
import { secret } from '../../main/secret.ts';
import { closedPort, failureOf, legTo, noon, publicClient, quiet, serve } from './legs/fixture.ts';
import type { Answer, SmallServer } from './legs/fixture.ts';

const html = { headers: { 'content-type': 'text/html' }, body: '<html>Sorry, something went wrong</html>' };
const token = secret('refresh-token-SENTINEL');

async function refreshAnswered(answer: Answer) {
  const server = await serve(() => answer);
  return failureOf(refresh(legTo(server), token));
}

/** What a rate limit's `Retry-After` is taken for. */
const after = async (value: string) =>
  (await refreshAnswered({ status: 429, headers: { 'retry-after': value } })).facts['retryAfterMs'];

describe('a refresh', () => {
  it.each<[string, Answer]>([
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }],
    ['invalid_grant with 401', { status: 401, body: { error: 'invalid_grant' } }],
    ['invalid_grant inside a 200', { body: { error: 'invalid_grant' } }],
    ['an empty 400', { status: 400 }],
    ['a 400 in HTML', { ...html, status: 400 }],
    ['GitHub’s 200', { body: { error: 'bad_refresh_token', error_description: 'incorrect or expired' } }],
    ['Slack’s 200', { body: { ok: false, error: 'invalid_refresh_token' } }],
    ['Slack’s expiry', { body: { ok: false, error: 'token_expired' } }],
    [
      'HubSpot’s 400',
      { status: 400, body: { status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid refresh token' } },
    ],
    ['Twitch’s 400', { status: 400, body: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' } }],
    ['an error that is an object', { status: 400, body: { error: { code: 'invalid_grant', message: 'no' } } }],
  ])('ends the grant on %s', async (_name, answer) => {
    const error = await refreshAnswered(answer);
    expect(error.code).toBe('token_refused');
    expect(error.facts).toMatchObject({ kind: 'ended' });
    expect(error.retry).toBe('never');
  });

  it('has a source for every disguise of a dead refresh token', () => {
    for (const link of Object.values(deadRefreshTokens)) expect(new URL(link).protocol).toBe('https:');
  });

  it.each<[string, Answer]>([
    ['a 500 in HTML', { ...html, status: 500 }],
    ['a 502 that is empty', { status: 502 }],
    ['a 503 that says invalid_grant', { status: 503, body: { error: 'invalid_grant' } }],
    ['a 429', { status: 429, body: { error: 'invalid_grant' } }],
    ['a login page instead of JSON', html],
    ['an empty 200', {}],
    ['a 200 without a token', { body: {} }],
    ['a list', { body: [] }],
    ['a firewall’s 403', { ...html, status: 403 }],
    ['a 404', { status: 404 }],
    ['a redirect, which is not followed', { status: 302, headers: { location: '/elsewhere' } }],
    ['temporarily_unavailable', { status: 400, body: { error: 'temporarily_unavailable' } }],
    ['Slack’s rate limit', { body: { ok: false, error: 'ratelimited' } }],
  ])('keeps the grant and is tried later on %s', async (_name, answer) => {
    const error = await refreshAnswered(answer);
    expect(error.code).toBe('token_unavailable');
    expect(error.facts).toMatchObject({ kind: 'weather' });
    expect(error.retry).toBe('later');
  });

  it.each<[string, Answer]>([
    ['invalid_scope', { status: 400, body: { error: 'invalid_scope' } }],
    ['invalid_target', { status: 400, body: { error: 'invalid_target' } }],
    ['a 400 in JSON that nobody has documented', { status: 400, body: { reason: 'full moon' } }],
    ['an empty 401', { status: 401 }],
  ])('is refused, but the grant not judged, on %s', async (_name, answer) => {
    expect((await refreshAnswered(answer)).facts).toMatchObject({ kind: 'refused' });
  });

  it.each<[string, Answer]>([
    ['invalid_client', { status: 401, body: { error: 'invalid_client' } }],
    ['unauthorized_client', { status: 400, body: { error: 'unauthorized_client' } }],
    ['GitHub’s own word', { body: { error: 'incorrect_client_credentials' } }],
  ])('says that the client is unknown on %s', async (_name, answer) => {
    const error = await refreshAnswered(answer);
    expect(error.code).toBe('client_unknown');
    expect(error.facts).toMatchObject({ kind: 'client-unknown' });
  });

  it('waits as long as it is told to, in seconds or until a date, and no longer than a day', async () => {
    expect(await after('120')).toBe(120_000);
    expect(await after(new Date(noon + 30_000).toUTCString())).toBe(30_000);
    expect(await after(new Date(noon - 30_000).toUTCString())).toBe(0);
    expect(await after('999999999')).toBe(86_400_000);
    expect(await after('soon')).toBe(null);
  });

  it('knows an answer that was lost on the way from a server that could not be reached', async () => {
    const breaking = await serve((_asked, response) => {
      response.destroy();
      return null;
    });
    const lost = await failureOf(refresh(legTo(breaking), token));
    expect(lost.code).toBe('token_unavailable');
    expect(lost.facts).toMatchObject({ kind: 'lost', mayHaveRotated: true, status: null });
    expect(breaking.asked).toHaveLength(1);

    const cut = await serve((_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"access_token":"at-SENTINEL');
      setImmediate(() => response.destroy());
      return null;
    });
    const half = await failureOf(refresh(legTo(cut), token));
    expect(half.facts).toMatchObject({ kind: 'lost', mayHaveRotated: true });
    expect(String(half.stack)).not.toContain('SENTINEL');

    const nobody = { origin: `http://127.0.0.1:${await closedPort()}`, asked: [] };
    expect((await failureOf(refresh(legTo(nobody), token))).facts).toMatchObject({
      kind: 'weather',
      mayHaveRotated: false,
    });
  });

  it('calls a time-out weather, and remembers that the server may have rotated', async () => {
    const server = await serve(() => null);
    const waiting = new AbortController();
    const http = (async (url: string, init?: RequestInit) => {
      setTimeout(() => waiting.abort(new DOMException('too slow', 'TimeoutError')), 20);
      return fetch(url, init);
    }) as typeof fetch;
    const error = await failureOf(refresh(legTo(server, { http, signal: waiting.signal }), token));
    expect(error.facts).toMatchObject({ kind: 'weather', mayHaveRotated: true });
  });

  it('knows the same apart through the broker’s own network stack', async () => {
    const outbound = createOutbound({ log: quiet, env: {}, timeouts: { connectMs: 300, headersMs: 50 } });
    onTestFinished(() => outbound.close());
    const through = async (server: SmallServer) => {
      const http = outbound.oauthFetch({ server: new URL(server.origin), allowHttp: false });
      return (await failureOf(refresh(legTo(server, { http }), token))).facts;
    };
    const breaking = await serve((_asked, response) => {
      response.destroy();
      return null;
    });
    expect(await through(breaking)).toMatchObject({ kind: 'lost', mayHaveRotated: true });
    expect(await through(await serve(() => null))).toMatchObject({ kind: 'weather', mayHaveRotated: true });
    const large = await serve(() => ({ body: { access_token: 'at', padding: 'x'.repeat(1_100_000) } }));
    expect(await through(large)).toMatchObject({ kind: 'weather', mayHaveRotated: true });
    const nobody = { origin: `http://127.0.0.1:${await closedPort()}`, asked: [] };
    expect(await through(nobody)).toMatchObject({ kind: 'weather', mayHaveRotated: false });
    const elsewhere = { origin: 'http://192.0.2.1', asked: [] };
    await expect(through(elsewhere)).resolves.toEqual({ sent: false });
  });

  it('stops reading an answer that does not end', async () => {
    const server = await serve(() => ({ body: { access_token: 'at', padding: 'x'.repeat(1_100_000) } }));
    expect((await failureOf(refresh(legTo(server), token))).facts).toMatchObject({
      kind: 'weather',
      mayHaveRotated: true,
    });
  });

  it('repeats no secret that the server echoes, and shows its words as text', async () => {
    const server = await serve(({ form }) => ({
      status: 400,
      body: {
        error: 'invalid_grant',
        error_description: `no such token: ${form.get('refresh_token')} ${form.get('client_secret')} \u202e<b>\u0007`,
      },
    }));
    const registration = publicClient(server.origin, {
      token_endpoint_auth_method: 'client_secret_post',
      client_secret: secret('client-secret-SENTINEL'),
    });
    const error = await failureOf(refresh(legTo(server, { registration }), token));
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.stack)}`).not.toContain('SENTINEL');
    expect(error.message).toContain('no such token: [secret] [secret]');
    expect(error.message).toContain('\\u202e<b>\\u0007');
  });
});

describe('other grants', () => {
  it('take invalid_grant as a refusal of this request, not as the end of anything', async () => {
    const server = await serve(() => ({ status: 400, body: { error: 'invalid_grant' } }));
    const request = { redirectUri: 'http://127.0.0.1:1/callback', code_verifier: secret('v') };
    const error = await failureOf(exchangeCode(legTo(server), request, { code: secret('c') }));
    expect(error.facts).toMatchObject({ kind: 'refused' });
  });

  it('take unauthorized_client literally: this client may not use this grant', async () => {
    const server = await serve(() => ({ status: 400, body: { error: 'unauthorized_client' } }));
    expect((await failureOf(clientCredentials(legTo(server), []))).facts).toMatchObject({ kind: 'refused' });
    expect(server.asked).toHaveLength(1);
  });

  it('fail clearly without a usable token endpoint', async () => {
    const server = await serve(() => ({}));
    for (const [token_endpoint, code] of [
      [undefined, 'discovery_failed'],
      ['not a url', 'discovery_failed'],
      ['file:///etc/passwd', 'unsafe_url'],
    ] as const) {
      const leg = legTo(server, { as: { issuer: server.origin, token_endpoint } });
      expect((await failureOf(refresh(leg, token))).code).toBe(code);
    }
  });
});
