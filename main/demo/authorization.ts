// The demo's authorization server: discovery, registration, a page that asks, tokens, revocation. For trying out, and it says so.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { localPage, localPageHeaders, shown } from '../local-page.ts';
import { clientIdFor, isRedirectOf, redirectUrisOf, registrationSchema } from './clients.ts';
import type { Consent, DemoGrants } from './grants.ts';
import { demoScopes } from './scopes.ts';
import { readForm, readJson, sendJson } from './wire.ts';

export interface DemoAuthorization {
  /** True when the request was one of its own. */
  handle(req: IncomingMessage, res: ServerResponse, url: URL): Promise<boolean>;
}

interface Question {
  readonly consent: Consent;
  readonly state: string | null;
}

const mostQuestions = 50;

export function createDemoAuthorization(issuer: string, resource: string, grants: DemoGrants): DemoAuthorization {
  const questions = new Map<string, Question>();

  const routes: Readonly<
    Record<string, (req: IncomingMessage, res: ServerResponse, url: URL) => Promise<void> | void>
  > = {
    'GET /.well-known/oauth-authorization-server': (_req, res) => sendJson(res, 200, metadata(issuer)),
    'POST /register': async (req, res) => {
      const asked = registrationSchema.safeParse(await readJson(req));
      if (!asked.success) return sendJson(res, 400, { error: 'invalid_redirect_uri' });
      sendJson(res, 201, {
        client_id: clientIdFor(asked.data.redirect_uris),
        redirect_uris: asked.data.redirect_uris,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      });
    },
    'GET /authorize': (_req, res, url) => authorize(res, url),
    'POST /decide': async (req, res) => decide(res, await readForm(req)),
    'POST /token': async (req, res) => token(res, await readForm(req)),
    'POST /revoke': async (req, res) => {
      const form = await readForm(req);
      grants.revoke(form.get('token') ?? '', form.get('client_id') ?? '');
      // RFC 7009 section 2.2: an unknown token is answered like a known one.
      sendJson(res, 200, {});
    },
  };

  const authorize = (res: ServerResponse, { searchParams: asked }: URL): void => {
    const clientId = asked.get('client_id') ?? '';
    const redirectUri = asked.get('redirect_uri') ?? '';
    const known = redirectUrisOf(clientId);
    // Before these two are right, nobody is sent anywhere (RFC 6749 section 4.1.2.1).
    if (known === null) return sorry(res, 'This client is not known here.');
    if (!isRedirectOf(known, redirectUri)) return sorry(res, 'This client may not be sent there.');
    const scopes = (asked.get('scope') ?? 'notes:read').split(' ').filter((scope) => scope !== '');
    const wrong =
      asked.get('response_type') !== 'code'
        ? 'unsupported_response_type'
        : asked.get('code_challenge_method') !== 'S256' ||
            !/^[A-Za-z0-9_-]{43}$/u.test(asked.get('code_challenge') ?? '')
          ? 'invalid_request'
          : asked.get('resource') !== resource
            ? 'invalid_target'
            : scopes.some((scope) => !Object.hasOwn(demoScopes, scope))
              ? 'invalid_scope'
              : null;
    const state = asked.get('state');
    if (wrong !== null) return sendBack(res, redirectUri, { error: wrong, state });
    const consent: Consent = {
      clientId,
      redirectUri,
      codeChallenge: asked.get('code_challenge') ?? '',
      resource,
      scopes,
    };
    const id = randomBytes(32).toString('base64url');
    for (const oldest of questions.keys()) {
      if (questions.size < mostQuestions) break;
      questions.delete(oldest);
    }
    questions.set(id, { consent, state });
    // `same-origin`: with no referrer at all the form's Origin would be "null", which is nobody's.
    res.writeHead(200, localPageHeaders(`'self' ${new URL(redirectUri).origin}`, 'same-origin'));
    res.end(questionPage(id, scopes));
  };

  const decide = (res: ServerResponse, form: URLSearchParams): void => {
    const id = form.get('question') ?? '';
    const question = questions.get(id);
    questions.delete(id);
    if (question === undefined) return sorry(res, 'This page was used already. Start the sign-in again.');
    const { consent, state } = question;
    if (form.get('answer') !== 'allow') return sendBack(res, consent.redirectUri, { error: 'access_denied', state });
    sendBack(res, consent.redirectUri, { code: grants.newCode(consent), state });
  };

  const token = (res: ServerResponse, form: URLSearchParams): void => {
    const said = (name: string): string => form.get(name) ?? '';
    if (form.has('resource') && said('resource') !== resource) return sendJson(res, 400, { error: 'invalid_target' });
    switch (said('grant_type')) {
      case 'authorization_code': {
        const proof = {
          clientId: said('client_id'),
          redirectUri: said('redirect_uri'),
          verifier: said('code_verifier'),
        };
        return answer(res, grants.redeem(said('code'), proof));
      }
      case 'refresh_token': {
        const scopes = form.has('scope') ? said('scope').split(' ').filter(Boolean) : null;
        return answer(res, grants.refresh(said('refresh_token'), said('client_id'), scopes));
      }
      default:
        return sendJson(res, 400, { error: 'unsupported_grant_type' });
    }
  };

  /** RFC 9207: `iss` goes along, so that nobody mistakes whose answer it is. */
  const sendBack = (
    res: ServerResponse,
    redirectUri: string,
    values: Readonly<Record<string, string | null>>,
  ): void => {
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries({ ...values, iss: issuer })) {
      if (value !== null) target.searchParams.set(name, value);
    }
    res.writeHead(303, { ...localPageHeaders(`'self' ${target.origin}`, 'no-referrer'), location: target.href });
    res.end();
  };

  return {
    async handle(req, res, url) {
      const route = routes[`${req.method ?? ''} ${url.pathname}`];
      if (route === undefined) return false;
      await route(req, res, url);
      return true;
    },
  };
}

const metadata = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  revocation_endpoint_auth_methods_supported: ['none'],
  scopes_supported: Object.keys(demoScopes),
  authorization_response_iss_parameter_supported: true,
});

const questionPage = (id: string, scopes: readonly string[]): string =>
  localPage({
    title: 'Allow Tokentray to use the demo?',
    tone: 'plain',
    body: [
      `<p>This page stands for a provider’s own sign-in. It is Tokentray’s built-in demo, on this machine, for trying out:
       there is no account behind it, and nothing leaves this computer.</p>`,
      '<p>Tokentray asks for:</p>',
      `<ul>${scopes.map((scope) => `<li>${shown(scope)}: ${shown(demoScopes[scope] ?? '')}</li>`).join('')}</ul>`,
      `<form method="post" action="/decide"><input type="hidden" name="question" value="${id}">
       <button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>`,
    ],
  });

function sorry(res: ServerResponse, text: string): void {
  res.writeHead(400, localPageHeaders(`'none'`, 'no-referrer'));
  res.end(localPage({ title: 'The demo cannot go on', tone: 'bad', body: [`<p>${shown(text)}</p>`] }));
}

const answer = (res: ServerResponse, tokens: object | null): void =>
  tokens === null ? sendJson(res, 400, { error: 'invalid_grant' }) : sendJson(res, 200, tokens);
