// The test authorization server's own pages: sign in, consent, and an error page. Plain HTML forms, no script.
import type { IncomingMessage } from 'node:http';

import type { Provider } from 'oidc-provider';
import type { Context, Middleware } from './koa.ts';

export interface ConsentPolicy {
  /** Which of the requested scopes are granted when the person approves. */
  grantScopes: (requested: readonly string[]) => readonly string[];
}

/** Serves `/interaction/:uid`; everything else passes. */
export function interactionPages(provider: () => Provider, prefix: string, policy: ConsentPolicy): Middleware {
  return async (ctx, next) => {
    const found = /^\/interaction\/([\w-]+)(?:\/(login|consent))?$/.exec(ctx.path);
    if (found === null) return await next();
    const uid = found[1] ?? '';
    const step = found[2];
    ctx.set('cache-control', 'no-store');
    const details = await provider()
      .interactionDetails(ctx.req, ctx.res)
      .catch(() => null);
    if (details === null || details.uid !== uid) return page(ctx, 400, 'Nothing to answer', '<p>Start again.</p>');
    const action = `${prefix}/interaction/${uid}`;
    if (ctx.method === 'GET') {
      if (details.prompt.name === 'login') return page(ctx, 200, 'Sign in', loginForm(action));
      return page(ctx, 200, 'Allow access?', await consentForm(provider(), action, details));
    }
    const form = await readForm(ctx.req);
    if (step === 'login') {
      const account = form.get('account') ?? '';
      if (account === '') return page(ctx, 200, 'Sign in', loginForm(action, 'Who are you?'));
      return await finish(ctx, provider(), { login: { accountId: account, remember: true } }, false);
    }
    if (form.get('decision') !== 'approve') {
      const refusal = { error: 'access_denied', error_description: 'The person said no.' };
      return await finish(ctx, provider(), refusal, false);
    }
    const grantId = await grantWhatWasAsked(provider(), details, policy);
    return await finish(ctx, provider(), { consent: { grantId } }, true);
  };
}

const param = (details: Details, name: string): string => {
  const value = details.params[name];
  return Array.isArray(value) ? value.join(' ') : typeof value === 'string' ? value : '';
};

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

async function grantWhatWasAsked(provider: Provider, details: Details, policy: ConsentPolicy): Promise<string> {
  const accountId = details.session?.accountId ?? '';
  const clientId = param(details, 'client_id');
  const known = details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId);
  const grant = known ?? new provider.Grant({ accountId, clientId });
  const missing = details.prompt.details as {
    missingOIDCScope?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  const oidc = split(missing.missingOIDCScope ?? [], policy);
  if (oidc.granted !== '') grant.addOIDCScope(oidc.granted);
  if (oidc.refused !== '') grant.rejectOIDCScope(oidc.refused);
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {})) {
    const { granted, refused } = split(scopes, policy);
    if (granted !== '') grant.addResourceScope(resource, granted);
    if (refused !== '') grant.rejectResourceScope(resource, refused);
  }
  return await grant.save();
}

function split(requested: readonly string[], policy: ConsentPolicy): { granted: string; refused: string } {
  const allowed = new Set(policy.grantScopes(requested));
  return {
    granted: requested.filter((scope) => allowed.has(scope)).join(' '),
    refused: requested.filter((scope) => !allowed.has(scope)).join(' '),
  };
}

async function finish(
  ctx: Context,
  provider: Provider,
  result: Parameters<Provider['interactionResult']>[2],
  mergeWithLastSubmission: boolean,
): Promise<void> {
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission }));
  ctx.status = 303;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > 16_384) throw new Error('form too large');
    chunks.push(chunk as Buffer);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

const loginForm = (action: string, message = ''): string => `
  <p>${escapeHtml(message)}</p>
  <form method="post" action="${escapeHtml(action)}/login">
    <label>Account <input type="text" name="account" required autofocus></label>
    <button type="submit" name="decision" value="sign-in">Sign in</button>
  </form>`;

async function consentForm(provider: Provider, action: string, details: Details): Promise<string> {
  const clientId = param(details, 'client_id');
  const client = await provider.Client.find(clientId);
  const scopes = param(details, 'scope')
    .split(' ')
    .filter((scope) => scope !== '');
  const rows = scopes.map((scope) => `<li class="scope">${escapeHtml(scope)}</li>`).join('');
  return `
  <p><strong class="client">${escapeHtml(client?.clientName ?? clientId)}</strong> asks for access to
    <code class="resource">${escapeHtml(param(details, 'resource') || 'your account')}</code>.</p>
  <ul>${rows}</ul>
  <p>You are signed in as <span class="account">${escapeHtml(details.session?.accountId ?? '')}</span>.</p>
  <form method="post" action="${escapeHtml(action)}/consent">
    <button type="submit" name="decision" value="approve">Approve</button>
    <button type="submit" name="decision" value="deny">Deny</button>
  </form>`;
}

/** The page for errors that must not be redirected: an unknown client, a wrong redirect address. */
export function errorPage(ctx: Context, out: Record<string, unknown>): void {
  const rows = Object.entries(out).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(JSON.stringify(value) ?? '')}</dd>`,
  );
  page(ctx, ctx.status, 'This did not work', `<dl>${rows.join('')}</dl>`);
}

function page(ctx: Context, status: number, title: string, body: string): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
