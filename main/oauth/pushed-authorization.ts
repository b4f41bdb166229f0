// Hands the authorization request to the server before the browser opens (RFC 9126), for servers that take it no other way.
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { isTokentrayError, TokentrayError, type ErrorCode } from '../errors.ts';
import type { Clock, Fetch } from '../ports.ts';
import { clientAuth } from './client-auth.ts';
import { readBody } from './token-answer.ts';
import { classifyTokenError, tokenError, type FailedRequest, type TokenAnswer } from './token-errors.ts';
import { endpointOf, networkError, readText, viaHttp } from './token-request.ts';
import type { AuthorizationServerMetadata, Registration } from './types.ts';

export interface PushLeg {
  readonly http: Fetch;
  readonly clock: Pick<Clock, 'now'>;
  readonly as: AuthorizationServerMetadata;
  readonly registration: Registration;
  /** Per-issuer switch: this server does not form-decode Basic credentials. */
  readonly plainBasic?: boolean | undefined;
}

// A name for the request, which travels in an address (RFC 9126 section 2.2).
const answerSchema = z.object({
  request_uri: z
    .string()
    .max(2_048)
    .regex(/^[\x21-\x7e]+$/),
});

/**
 * The `request_uri` that stands for these parameters, for one use and a short while. The client proves itself as at the
 * token endpoint (RFC 9126 section 2).
 * @throws client_unknown, authorization_failed, authorization_denied, unreachable, discovery_failed without an endpoint
 */
export async function pushAuthorization(leg: PushLeg, parameters: URLSearchParams): Promise<string> {
  const { as, registration } = leg;
  const endpoint = endpointOf(as, 'pushed_authorization_request_endpoint');
  const authenticate = await clientAuth(as, registration, leg.clock, { plainBasic: leg.plainBasic });
  const { client_secret } = registration;
  const failed: FailedRequest = {
    attempted: 'announce the sign-in',
    issuer: as.issuer,
    sent: client_secret === undefined ? [] : [client_secret],
  };
  let answer: TokenAnswer;
  try {
    const response = await oauth.pushedAuthorizationRequest(
      { issuer: as.issuer, pushed_authorization_request_endpoint: endpoint.href },
      { client_id: registration.client_id },
      authenticate,
      parameters,
      viaHttp(leg.http),
    );
    answer = { status: response.status, headers: response.headers, body: await readText(response) };
  } catch (cause) {
    throw ofSignIn(networkError(failed, cause));
  }
  return checkPushedAnswer(failed, answer, leg.clock.now());
}

/** 201 is the RFC's; 200 is seen. */
function checkPushedAnswer(failed: FailedRequest, answer: TokenAnswer, now: number): string {
  const body = readBody(answer);
  const { data } = answerSchema.safeParse(body ?? {});
  if ((answer.status === 201 || answer.status === 200) && data !== undefined) return data.request_uri;
  throw ofSignIn(tokenError(failed, classifyTokenError('authorization_code', answer, body, now)));
}

/** No token was asked for yet: what failed is the sign-in, and there is no grant to be judged. */
function ofSignIn(error: unknown): unknown {
  if (!isTokentrayError(error, 'token_refused', 'token_unavailable')) return error;
  const { oauthError = null, status = null, retryAfterMs = null } = error.facts;
  const refused: ErrorCode = oauthError === 'access_denied' ? 'authorization_denied' : 'authorization_failed';
  return new TokentrayError(error.code === 'token_refused' ? refused : 'unreachable', error.message, {
    ...(error.attempted === undefined ? {} : { attempted: error.attempted }),
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    facts: { oauthError, status, retryAfterMs },
    cause: error.cause,
  });
}
