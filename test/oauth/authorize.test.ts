// The browser is sent to a safe address with everything bound, and only the matching answer of the right issuer is believed.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { authorizationRequest, checkAuthorizationResponse, otherSignInHost } from '../../main/oauth/authorize.ts';
import type { AuthorizationInput } from '../../main/oauth/authorize.ts';
import type { TokentrayError } from '../../main/errors.ts';
import { createDpopKey, dpopThumbprint } from '../../main/oauth/dpop.ts';
import { failureOf, publicClient } from './legs/fixture.ts';

const issuer = 'https://as.example';
const redirectUri = 'http://127.0.0.1:8428/callback';

function input(endpoint = `${issuer}/authorize`, more: Partial<AuthorizationInput> = {}): AuthorizationInput {
  return {
    as: { issuer, authorization_endpoint: endpoint },
    registration: publicClient(issuer),
    redirectUri,
    resource: 'https://mcp.example/mcp',
    scopes: ['read', 'write'],
    ...more,
  };
}

/** The prompt that goes to a server that lists these. */
const promptFor = async (prompt_values_supported?: string[]) => {
  const as = { issuer, authorization_endpoint: `${issuer}/a`, prompt_values_supported };
  return (await authorizationRequest(input(undefined, { as, prompt: 'consent' }))).url.searchParams.get('prompt');
};

/** What became of a sign-in page that is at `endpoint`. */
const outcome = async (server: string, endpoint: string, from = issuer) => {
  const as = { issuer: from, authorization_endpoint: endpoint };
  const more = { as, registration: publicClient(from), server: new URL(server), allowHttp: true };
  return authorizationRequest(input(undefined, more)).then(
    () => 'opened',
    (error: TokentrayError) => error.code,
  );
};

describe('the authorization request', () => {
  it('binds state, PKCE S256, redirect URI and resource', async () => {
    const request = await authorizationRequest(input());
    const sent = Object.fromEntries(request.url.searchParams);
    expect(sent).toMatchObject({
      response_type: 'code',
      client_id: 'tokentray-test.client_1',
      redirect_uri: redirectUri,
      scope: 'read write',
      resource: 'https://mcp.example/mcp',
      code_challenge_method: 'S256',
      state: request.state,
    });
    const challenge = createHash('sha256').update(request.code_verifier.reveal()).digest('base64url');
    expect(sent['code_challenge']).toBe(challenge);
    expect(JSON.stringify(request)).not.toContain(request.code_verifier.reveal());
    expect(request.state.length).toBeGreaterThanOrEqual(43);
    expect((await authorizationRequest(input())).state).not.toBe(request.state);
  });

  it('leaves out what there is nothing to say about', async () => {
    const { url } = await authorizationRequest(input(undefined, { scopes: [], resource: null }));
    for (const name of ['scope', 'resource', 'prompt', 'dpop_jkt']) expect(url.searchParams.has(name)).toBe(false);
  });

  it('asks for fresh consent, unless the server lists its prompts and that is none of them', async () => {
    expect(await promptFor()).toBe('consent');
    expect(await promptFor(['none', 'consent'])).toBe('consent');
    expect(await promptFor(['none'])).toBe(null);
  });

  it('binds the code to the DPoP key when there is one', async () => {
    const dpopKey = await createDpopKey();
    const { url } = await authorizationRequest(input(undefined, { dpopKey }));
    expect(url.searchParams.get('dpop_jkt')).toBe(await dpopThumbprint(dpopKey));
  });

  it('keeps the endpoint’s own query, but lets it speak for nobody', async () => {
    const endpoint = `${issuer}/authorize?tenant=a%20b&state=theirs&redirect_uri=https%3A%2F%2Fevil.example#part`;
    const { url, state } = await authorizationRequest(input(endpoint));
    expect(url.searchParams.get('tenant')).toBe('a b');
    expect(url.searchParams.getAll('state')).toEqual([state]);
    expect(url.searchParams.getAll('redirect_uri')).toEqual([redirectUri]);
    expect(url.hash).toBe('');
  });

  it('never opens anything but http and https, nor an address with a user name', async () => {
    for (const endpoint of [
      'javascript:alert(1)',
      'file:///bin/sh',
      'data:text/html,x',
      'ms-settings:x',
      'calc.exe:x',
      'https://user@as.example/authorize',
      'https://:word@as.example/authorize',
    ]) {
      expect((await failureOf(authorizationRequest(input(endpoint)))).code).toBe('unsafe_url');
    }
    expect((await failureOf(authorizationRequest(input('/authorize')))).code).toBe('discovery_failed');
  });

  it('leaves nothing in the address that a shell or a launcher could run', async () => {
    const endpoint = 'https://as.example/a$(touch x)/`id`/\'"|;<>^!{}*\\%TMP%?x=$(calc.exe)&y=`id`|&z=\';"<>!^';
    const { url } = await authorizationRequest(input(endpoint));
    expect(url.href).toMatch(/^https:\/\/as\.example\/[\w.~%/:@+,=&?*-]+$/);
    expect(url.pathname + url.search).not.toMatch(/[$`'"|;<>^!(){}\\\s]/);
    expect(url.searchParams.get('x')).toBe('$(calc.exe)');
  });

  it('goes over plain http to this machine only, or where the user allowed it', async () => {
    expect((await failureOf(authorizationRequest(input('http://as.example/authorize')))).code).toBe('insecure_url');
    const server = new URL('http://localhost:8/mcp');
    for (const host of ['127.0.0.1:9', 'localhost:9', '[::1]:9']) {
      const request = await authorizationRequest(input(`http://${host}/authorize`, { server }));
      expect(request.url.protocol).toBe('http:');
    }
    const inside = input('http://10.0.0.1/authorize', { server });
    expect((await failureOf(authorizationRequest(inside))).code).toBe('insecure_url');
    const allowed = input('http://as.example/authorize', { allowHttp: true });
    expect((await authorizationRequest(allowed)).url.host).toBe('as.example');
  });

  it.each([
    'http://127.0.0.1:8080/admin/delete-all?confirm=1',
    'http://localhost:11434/api',
    'https://admin.localhost/',
    'http://[::1]:631/',
    'https://0.0.0.0/',
    'https://2130706433/',
    'https://[::ffff:192.168.0.1]/',
    'https://192.168.0.1/apply.cgi?reboot=1',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest',
    'https://[fd00::1]/',
    'https://224.0.0.1/',
  ])('never has a server out there send the browser to %s', async (endpoint) => {
    for (const server of [undefined, new URL('https://mcp.example/mcp')]) {
      for (const allowHttp of [false, true]) {
        const made = authorizationRequest(input(endpoint, { allowHttp, ...(server === undefined ? {} : { server }) }));
        expect((await failureOf(made)).code).toBe('forbidden_address');
      }
    }
  });

  it('goes inside as far as the server, or its issuer, is inside itself', async () => {
    const [own, near, link, out] = [
      'http://127.0.0.1:9/a',
      'https://10.0.0.9/a',
      'https://169.254.1.1/a',
      'https://as.example/a',
    ];
    const outcomes = async (server: string, from?: string) =>
      (await Promise.all([own, near, link, out].map((page) => outcome(server, page, from)))).map(
        (it) => it === 'opened',
      );
    expect(await outcomes('http://localhost:1/mcp')).toEqual([true, true, false, true]);
    expect(await outcomes('http://127.0.0.1:1/mcp')).toEqual([true, true, false, true]);
    expect(await outcomes('https://10.0.0.1/mcp')).toEqual([false, true, false, true]);
    expect(await outcomes('https://169.254.1.2/mcp')).toEqual([false, false, true, true]);
    expect(await outcomes('https://mcp.example/mcp')).toEqual([false, false, false, true]);
    // An issuer that discovery was let through to: a server under a name of the user's own, its issuer on localhost.
    expect(await outcomes('http://mcp.test/mcp', 'http://localhost:9')).toEqual([true, true, false, true]);
    expect(await outcomes('https://mcp.corp/mcp', 'https://10.0.0.8')).toEqual([false, true, false, true]);
  });

  it('tells when the sign-in page is on another host than the issuer', () => {
    const at = (authorization_endpoint?: string) => otherSignInHost({ issuer, authorization_endpoint });
    expect(at(`${issuer}/tenant/authorize`)).toBeNull();
    expect(at('https://AS.example:443/authorize')).toBeNull();
    expect(at('https://login.evil.example/authorize')).toBe('login.evil.example');
    expect(at('https://as.example:8443/authorize')).toBe('as.example:8443');
    expect(at()).toBeNull();
  });

  it('is never made with a client of another issuer', async () => {
    const registration = publicClient('https://other.example');
    expect((await failureOf(authorizationRequest(input(undefined, { registration })))).code).toBe('issuer_mismatch');
  });
});

describe('the answer', () => {
  async function answer(issPromised: boolean | undefined, parameters: Record<string, string> | [string, string][]) {
    const as = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      authorization_response_iss_parameter_supported: issPromised,
    };
    const request = await authorizationRequest(input(undefined, { as }));
    const callback = new URL(redirectUri);
    callback.search = new URLSearchParams(parameters).toString().replaceAll('STATE', request.state);
    return { request, callback, check: () => checkAuthorizationResponse({ request }, callback) };
  }
  const good = { state: 'STATE', code: 'the-code' };

  it.each([
    ['promised and right', true, issuer, true],
    ['promised and missing', true, null, false],
    ['promised and wrong', true, 'https://evil.example', false],
    ['not promised and right', undefined, issuer, true],
    ['not promised and wrong', undefined, 'https://evil.example', false],
    ['not promised and missing', undefined, null, true],
    ['denied and wrong', false, 'https://evil.example', false],
    ['right but for a slash', true, `${issuer}/`, false],
    ['right but for case', true, 'HTTPS://AS.example', false],
    ['right but for the default port', true, `${issuer}:443`, false],
    ['empty', undefined, '', false],
  ])('with an issuer that is %s: accepted %#', async (_row, promised, iss, accepted) => {
    const { check } = await answer(promised, { ...good, ...(iss === null ? {} : { iss }) });
    if (accepted) expect(check().code.reveal()).toBe('the-code');
    else expect((await failureOf(check)).code).toBe('callback_mismatch');
  });

  it('is believed in nothing, errors included, before state and issuer are right', async () => {
    const said = { error: 'access_denied', error_description: 'LIES' };
    for (const parameters of [
      { ...said, state: 'other' },
      { ...said },
      { ...said, state: 'STATE', iss: 'https://evil.example' },
    ]) {
      const error = await failureOf((await answer(false, parameters)).check);
      expect(error.code).toBe('callback_mismatch');
      expect(error.message).not.toContain('LIES');
    }
    const missing = await answer(true, { ...said, state: 'STATE' });
    expect((await failureOf(missing.check)).code).toBe('callback_mismatch');
  });

  it('is refused when a parameter comes twice, or when it says nothing', async () => {
    const twice: [string, string][][] = [
      [
        ['state', 'STATE'],
        ['state', 'STATE'],
        ['code', 'c'],
      ],
      [
        ['state', 'STATE'],
        ['code', 'c'],
        ['code', 'd'],
      ],
      [
        ['state', 'STATE'],
        ['code', 'c'],
        ['iss', issuer],
        ['iss', issuer],
      ],
      [['state', 'STATE']],
      [
        ['state', 'STATE'],
        ['code', ''],
      ],
    ];
    for (const parameters of twice) {
      expect((await failureOf((await answer(false, parameters)).check)).code).toBe('callback_mismatch');
    }
  });

  it('says who refused and in which words, as text', async () => {
    const denied = await failureOf((await answer(false, { state: 'STATE', error: 'access_denied' })).check);
    expect(denied.code).toBe('authorization_denied');
    const failed = await failureOf(
      (await answer(false, { state: 'STATE', error: 'invalid_scope', error_description: 'no \u202esuch' })).check,
    );
    expect(failed).toMatchObject({ code: 'authorization_failed', facts: { oauthError: 'invalid_scope' } });
    expect(failed.message).toContain('"no \\u202esuch"');
    const unknown = await failureOf((await answer(false, { state: 'STATE', error: 'unauthorized_client' })).check);
    expect(unknown.code).toBe('client_unknown');
    const odd = await failureOf((await answer(false, { state: 'STATE', error: 'constructor' })).check);
    expect(odd.code).toBe('authorization_failed');
  });
});
