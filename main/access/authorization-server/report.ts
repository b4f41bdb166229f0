// What oidc-provider did, told in Tokentray's words: issued, refreshed, replayed, revoked.
import type { EventEmitter } from 'node:events';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Log } from '../../ports.ts';

export interface Reporting {
  readonly log: Log;
  /** The client got a token. */
  readonly used: (clientId: string) => void;
  readonly told: (
    kind: 'local-token-issued' | 'local-token-refreshed' | 'local-token-replayed' | 'local-token-revoked',
    clientId: string,
    resource: string,
  ) => void;
}

export function report(provider: Provider, { log, used, told }: Reporting): void {
  provider.on('grant.success', (ctx) => {
    const { clientId, resource } = about(ctx);
    used(clientId);
    told(
      ctx.oidc.params?.['grant_type'] === 'refresh_token' ? 'local-token-refreshed' : 'local-token-issued',
      clientId,
      resource,
    );
  });
  provider.on('grant.error', (ctx, error) => {
    const detail = 'error_detail' in error ? String(error.error_detail) : error.message;
    log.info('a token request was refused', { error: error.message, detail });
    if (!/already (?:used|consumed)/u.test(`${detail} ${error.message}`)) return;
    const { clientId, resource } = about(ctx);
    told('local-token-replayed', clientId, resource);
  });
  provider.on('grant.revoked', (ctx) => {
    if (ctx.oidc.route !== 'revocation') return;
    const { clientId, resource } = about(ctx);
    told('local-token-revoked', clientId, resource);
  });
  provider.on('authorization.error', (_ctx, error) => {
    log.info('a sign-in to the bridge was refused', { error: error.message, detail: error.error_description });
  });
  // Without a listener koa prints it: a browser that went away in the middle of an answer, mostly.
  const application: EventEmitter = provider;
  application.on('error', (error: Error) => log.debug('an answer did not get through', { because: error.message }));
  provider.on('server_error', (_ctx, error) => log.error('the local authorization server failed', { error }));
}

function about(ctx: KoaContextWithOIDC): { clientId: string; resource: string } {
  const { client, entities } = ctx.oidc;
  const aud = entities.AccessToken?.aud ?? entities.RefreshToken?.resource ?? entities.AuthorizationCode?.resource;
  const resource = Array.isArray(aud) ? (aud[0] ?? '') : (aud ?? '');
  return { clientId: client?.clientId ?? '', resource };
}
