// What a registration endpoint answered: taken as it is meant, whatever it added, left out or wrote as text.
import type { AuthorizationServer } from 'oauth4webapi';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { secret } from '../secret.ts';
import type { RegistrationRequest } from './registration.ts';
import type { ClientAuthMethod, Registration } from './types.ts';

/** A refusal for a stated reason, which another request may avoid; carries the error for when none does. */
export class RegistrationRefused extends Error {
  readonly reason: string;
  readonly failure: TokentrayError;

  constructor(reason: string, failure: TokentrayError) {
    super(failure.message);
    this.reason = reason;
    this.failure = failure;
  }
}

export interface ExpectedRegistration {
  readonly as: AuthorizationServer;
  readonly sent: RegistrationRequest;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const text = z.string().max(8_192).optional().catch(undefined);
const empty = (value: unknown): unknown => (value === null || value === '' ? undefined : value);

const answerSchema = z.object({
  client_id: z.union([z.string().min(1).max(8_192), z.number().transform(String)]),
  client_secret: z.preprocess(empty, z.string().max(8_192).optional()),
  // RFC 7591 section 3.2.1: seconds, 0 for never. Seen: null, "0", "1790000000", and nothing.
  client_secret_expires_at: z.coerce.number().finite().nonnegative().optional().catch(undefined),
  token_endpoint_auth_method: z.preprocess(empty, z.string().max(128).optional()),
  redirect_uris: z.array(z.string().max(4_096)).max(100).optional().catch(undefined),
  error: text,
});
const errorSchema = z.object({ error: text, error_description: text, message: text });

const known: readonly string[] = ['none', 'client_secret_basic', 'client_secret_post'] satisfies ClientAuthMethod[];

/**
 * The registration that the server made (RFC 7591 section 3.2.1), with the method and the redirect URIs that it chose.
 * @throws RegistrationRefused when it refused; registration_failed when its answer cannot be used
 */
export async function checkRegistrationResponse(
  expected: ExpectedRegistration,
  response: Response,
): Promise<Registration> {
  const { as, sent, now } = expected;
  const body = await response.text();
  const json = readJson(body);
  const answer = answerSchema.safeParse(json);
  if (response.status < 200 || response.status > 299 || !answer.success || answer.data.error !== undefined) {
    throw refused(as, response, body, json);
  }
  const { client_id, client_secret, client_secret_expires_at: seconds = 0, redirect_uris } = answer.data;
  const method = authMethod(as, sent, answer.data);
  // A secret that is not to be sent is not worth keeping.
  const keep = client_secret !== undefined && method !== 'none';
  return {
    issuer: as.issuer,
    kind: 'dcr',
    client_id,
    token_endpoint_auth_method: method,
    ...(keep ? { client_secret: secret(client_secret) } : {}),
    redirect_uris: registeredRedirects(sent, redirect_uris),
    client_secret_expires_at: keep && seconds > 0 ? seconds * 1000 : null,
    registered_at: now,
  };
}

function authMethod(
  as: AuthorizationServer,
  sent: RegistrationRequest,
  answer: { client_secret?: string | undefined; token_endpoint_auth_method?: string | undefined },
): ClientAuthMethod {
  const { client_secret, token_endpoint_auth_method: said } = answer;
  if (said !== undefined) {
    if (!known.includes(said)) throw failed(as, `it wants us to authenticate with ${quote(said)}`, { method: said });
    // Seen: the method of the default repeated, and no secret to go with it. Such a client is public.
    return client_secret === undefined ? 'none' : (said as ClientAuthMethod);
  }
  if (client_secret === undefined) return 'none';
  if (sent.token_endpoint_auth_method !== 'none') return sent.token_endpoint_auth_method;
  // A secret that nobody asked for is meant to be used; how is RFC 7591 section 2's default, where the server takes it.
  const listed = as.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  if (listed.includes('client_secret_basic')) return 'client_secret_basic';
  return listed.includes('client_secret_post')
    ? 'client_secret_post'
    : listed.includes('none')
      ? 'none'
      : 'client_secret_basic';
}

/** Those that we asked for and got; a server that repeats none of them, or rewrites them, is not taken at its word. */
function registeredRedirects(sent: RegistrationRequest, answered: readonly string[] | undefined): readonly string[] {
  const both = sent.redirect_uris.filter((uri) => answered?.includes(uri) === true);
  return both.length === 0 ? sent.redirect_uris : both;
}

function refused(as: AuthorizationServer, response: Response, body: string, json: unknown): RegistrationRefused {
  const { status } = response;
  const { error, error_description, message } = errorSchema.safeParse(json).data ?? {};
  const said = error_description ?? message ?? error ?? (json === null ? body.trim().slice(0, 200) : undefined);
  const page = /^\s*</.test(body);
  const words = page
    ? 'with a web page'
    : said === undefined || said === ''
      ? 'without saying why'
      : `saying ${quote(said)}`;
  const named = error === undefined ? '' : ` (${quote(error, 60)})`;
  const failure = failed(as, `it answered ${status}${named} ${words}`, { status, error: error?.slice(0, 200) ?? null });
  return new RegistrationRefused(error ?? '', failure);
}

function failed(as: AuthorizationServer, why: string, facts: Record<string, string | number | null>): TokentrayError {
  return new TokentrayError('registration_failed', `${quote(as.issuer)} did not register this program: ${why}`, {
    attempted: 'register with the authorization server',
    subject: quote(as.issuer),
    advice: 'Register an application there yourself and add its client id to the server.',
    facts,
  });
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
