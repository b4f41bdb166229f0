// A real oidc-provider on loopback whose user signs in and consents by following redirects.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { onTestFinished, vi } from 'vitest';
import type { AuthorizationServerMetadata } from '../../../main/oauth/types.ts';

export const resource = 'https://mcp.example/mcp';
export const redirectUri = 'http://127.0.0.1:5555/callback';

export interface RealServer {
  readonly as: AuthorizationServerMetadata & { readonly issuer: string };
  /** Follows the sign-in from the authorization address to the callback address, as a person that agrees to everything. */
  signIn(url: URL): Promise<URL>;
}

export async function realServer(clients: ClientMetadata[], more: Configuration = {}): Promise<RealServer> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // It warns of every default that is unfit for production, which a test is not.
  for (const level of ['info', 'warn'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
  const provider = new Provider(issuer, {
    clients,
    scopes: ['openid', 'offline_access'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    cookies: { keys: ['test'] },
    interactions: { url: (_ctx, interaction) => `/agree/${interaction.uid}` },
    ...more,
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => false,
        getResourceServerInfo: (_ctx, indicator) => ({ scope: 'mcp:read', audience: indicator }),
      },
      ...more.features,
    },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/agree/')) {
      await next();
      return;
    }
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    const grant = new provider.Grant({ accountId: 'someone', clientId: String(details.params['client_id']) });
    grant.addOIDCScope('openid offline_access');
    grant.addResourceScope(resource, 'mcp:read');
    const grantId = await grant.save();
    const result = details.prompt.name === 'login' ? { login: { accountId: 'someone' } } : { consent: { grantId } };
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
  });
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as RealServer['as'];
  return { as: metadata, signIn };
}

async function signIn(start: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let step = 0; step < 12; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`no redirect: ${response.status} ${await response.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(redirectUri)) return url;
  }
  throw new Error('the sign-in never came back');
}
