// A small OAuth client for the tests of the test servers and for tests that need a token without a broker.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthorizationServer } from './authorization-server.ts';
import { createBrowser, type BrowserOptions, type FinalPage } from './browser.ts';

export interface TokenAnswer {
  readonly status: number;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
  readonly scope?: string;
  readonly token_type?: string;
  readonly error?: string;
}

export interface SignInRequest {
  readonly resource?: string;
  readonly scope?: string;
  readonly clientId?: string;
  readonly prompt?: string;
  readonly browser?: BrowserOptions;
}

export interface SignedIn {
  readonly clientId: string;
  readonly page: FinalPage;
  readonly callback: URLSearchParams;
  /** Null when there was no code to exchange. */
  readonly tokens: TokenAnswer | null;
}

/** Registers (unless a client id is given), signs in through the provider's pages and exchanges the code. */
export async function signInDirectly(server: AuthorizationServer, request: SignInRequest = {}): Promise<SignedIn> {
  let callback = new URLSearchParams();
  const listener = createServer((incoming, response) => {
    callback = new URL(incoming.url ?? '/', 'http://127.0.0.1').searchParams;
    response.end('you may close this tab');
  });
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
  const redirect = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`;
  try {
    const clientId = request.clientId ?? (await register(server, redirect));
    const verifier = randomBytes(32).toString('base64url');
    const url = new URL(`${server.issuer.replace(/\/$/, '')}/auth`);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirect,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: randomBytes(8).toString('hex'),
      ...(request.scope === undefined ? {} : { scope: request.scope }),
      ...(request.resource === undefined ? {} : { resource: request.resource }),
      ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
    }).toString();
    const page = await createBrowser(request.browser).open(url);
    const code = callback.get('code');
    if (code === null) return { clientId, page, callback, tokens: null };
    const tokens = await tokenRequest(server, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirect,
      code_verifier: verifier,
      client_id: clientId,
      ...(request.resource === undefined ? {} : { resource: request.resource }),
    });
    return { clientId, page, callback, tokens };
  } finally {
    listener.closeAllConnections();
    listener.close();
  }
}

async function register(server: AuthorizationServer, redirectUri: string): Promise<string> {
  const answer = await fetch(`${server.issuer.replace(/\/$/, '')}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Direct',
      application_type: 'native',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  });
  const body = (await answer.json()) as { client_id?: string };
  if (body.client_id === undefined) throw new Error(`registration answered ${answer.status}`);
  return body.client_id;
}

export async function tokenRequest(
  server: AuthorizationServer,
  params: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const answer = await fetch(`${server.issuer.replace(/\/$/, '')}/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(params),
  });
  return { ...((await answer.json().catch(() => ({}))) as object), status: answer.status };
}

export async function revokeDirectly(server: AuthorizationServer, token: string, clientId: string): Promise<number> {
  const answer = await fetch(`${server.issuer.replace(/\/$/, '')}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token, client_id: clientId }),
  });
  await answer.body?.cancel();
  return answer.status;
}
