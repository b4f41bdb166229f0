// What the bridge asks of a grant: the headers for one request, and what to do after a challenge.

/** Credentials for exactly one request to one server. */
export interface Authorization {
  /** `authorization` (and `dpop`); empty when the server wants none. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which access token this was, so that a later 401 about an older one does not refresh again. */
  readonly generation: number;
}

/** A 401 or 403 from the server, or a 400 that carries `use_dpop_nonce`. */
export interface UpstreamChallenge {
  readonly status: number;
  readonly wwwAuthenticate: string | null;
  readonly dpopNonce: string | null;
}

/**
 * One server's grant as the bridge sees it. Every method may be called by any number of requests at once; they share
 * one refresh or one step-up.
 */
export interface UpstreamAuth {
  /** @throws needs_sign_in (facts.url has the sign-in address), token_unavailable, vault_* */
  authorize(request: { method: string; url: URL; signal?: AbortSignal }): Promise<Authorization>;
  /**
   * What to do about a challenge: fresh credentials to repeat the request with, or null when the answer stands.
   * @throws needs_sign_in, insufficient_scope, step_up_declined, token_unavailable
   */
  challenged(
    used: Authorization,
    challenge: UpstreamChallenge,
    request: { method: string; url: URL; signal?: AbortSignal },
  ): Promise<Authorization | null>;
  /** Every answer's headers pass here: a DPoP nonce is remembered (RFC 9449 section 9). */
  answered(response: { status: number; headers: Headers }): void;
}
