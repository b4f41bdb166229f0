// Documents that a discovery test publishes, and the fetch that reads them: the real one, guarded and on loopback.
import { afterAll, beforeAll, expect } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { createOutbound, type Outbound } from '../../main/net/outbound.ts';
import type { Fetch } from '../../main/ports.ts';
import { silent, type Answer, type TestServer } from './servers.ts';

/** A fetch on behalf of a server on this machine, for all tests of the file that asks for it. */
export function guardedFetch(): Fetch {
  let outbound: Outbound | null = null;
  let http: Fetch | null = null;
  beforeAll(() => {
    outbound = createOutbound({ log: silent, env: {}, timeouts: { headersMs: 2_000 } });
    http = outbound.oauthFetch({ server: new URL('http://127.0.0.1:1/'), allowHttp: false });
  });
  afterAll(() => outbound?.close());
  return (input, init) => (http === null ? Promise.reject(new Error('too early')) : http(input, init));
}

export const wellKnown = {
  resource: '/.well-known/oauth-protected-resource',
  oauth: '/.well-known/oauth-authorization-server',
  oidc: '/.well-known/openid-configuration',
};

export function metadata(issuer: string, more: Record<string, unknown> = {}): Answer {
  return {
    json: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/register`,
      revocation_endpoint: `${issuer}/revoke`,
      code_challenge_methods_supported: ['S256'],
      ...more,
    },
  };
}

export function resourceAt(
  server: TestServer,
  path: string,
  issuers: string[],
  more: Record<string, unknown> = {},
): Answer {
  return { json: { resource: `${server.url}${path}`, authorization_servers: issuers, ...more } };
}

/** The error of an attempt that has to fail in our own words. */
export async function failure(attempt: Promise<unknown>): Promise<TokentrayError> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TokentrayError);
  return error as TokentrayError;
}

export const paths = (server: TestServer): string[] => server.asked.map(({ path }) => path);
