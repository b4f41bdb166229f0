// The one family of errors: a stable code, what was attempted and for whom, what the person can do, and the cause.

/** Stable; the CLI, the UI and tests key on these. `retry` says whether trying the same thing again may help. */
const codes = {
  // the user's input and configuration
  invalid_input: { retry: 'never' },
  unknown_server: { retry: 'never' },
  unknown_agent: { retry: 'never' },
  name_taken: { retry: 'never' },
  // reaching the other side
  unreachable: { retry: 'later' },
  forbidden_address: { retry: 'never' },
  insecure_url: { retry: 'never' },
  response_too_large: { retry: 'never' },
  unreadable_answer: { retry: 'later' },
  // discovery and registration
  discovery_failed: { retry: 'later' },
  issuer_mismatch: { retry: 'never' },
  resource_mismatch: { retry: 'never' },
  pkce_not_supported: { retry: 'never' },
  registration_needed: { retry: 'never' },
  registration_failed: { retry: 'later' },
  client_unknown: { retry: 'never' },
  // the authorization request
  authorization_denied: { retry: 'never' },
  authorization_failed: { retry: 'never' },
  callback_mismatch: { retry: 'never' },
  sign_in_cancelled: { retry: 'never' },
  sign_in_timeout: { retry: 'later' },
  sign_in_silent: { retry: 'later' },
  unsafe_url: { retry: 'never' },
  // the token endpoint
  token_refused: { retry: 'never' },
  token_unavailable: { retry: 'later' },
  // the state of a grant
  needs_sign_in: { retry: 'never' },
  insufficient_scope: { retry: 'never' },
  step_up_declined: { retry: 'never' },
  /** A person ended the grant, at once or at a time that they had set, while something was under way with it. */
  grant_ended: { retry: 'never' },
  // storage
  vault_unavailable: { retry: 'later' },
  vault_locked: { retry: 'later' },
  vault_damaged: { retry: 'never' },
  store_damaged: { retry: 'never' },
  store_full: { retry: 'later' },
  store_unavailable: { retry: 'later' },
  unsafe_folder: { retry: 'never' },
  // local boundary
  broker_running: { retry: 'never' },
  broker_not_running: { retry: 'later' },
  agent_refused: { retry: 'never' },
  port_taken: { retry: 'never' },
  overloaded: { retry: 'later' },
  /** A person stopped all lending; only a person lets it go on. */
  paused: { retry: 'never' },
  // who may use what
  /** The person was asked and has not answered yet; the facts name the prompt and its address. */
  approval_needed: { retry: 'later' },
  approval_denied: { retry: 'never' },
  unknown_approval: { retry: 'never' },
  /** A rule of the person stands against this tool. */
  tool_refused: { retry: 'never' },
  /** The tool's definition has changed since the person agreed to it. */
  tool_held: { retry: 'never' },
  /** The person was shown the arguments of this one call, and said no. */
  call_declined: { retry: 'never' },
  /** The account that the agent or its folder is pinned to is not there. */
  account_missing: { retry: 'never' },
  /** The vault's contents have left memory until a person unlocks. */
  locked: { retry: 'never' },
  // the wire
  protocol_error: { retry: 'never' },
  internal: { retry: 'never' },
} as const satisfies Record<string, { retry: 'never' | 'later' }>;

export type ErrorCode = keyof typeof codes;

/** Whether a word that came over a wire is one of our codes. */
export const isErrorCode = (word: string): word is ErrorCode => Object.hasOwn(codes, word);

export type ErrorFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface ErrorDetail {
  /** What was attempted, as a phrase after "could not": `refresh the access token`. */
  attempted?: string;
  /** The server, issuer or agent that it was for. Already quoted if it came from outside. */
  subject?: string;
  /** What the person can do about it: one sentence. */
  advice?: string;
  /** Facts a program can key on; never a secret. */
  facts?: ErrorFacts;
  cause?: unknown;
}

/**
 * Every failure that Tokentray knows how to explain. Anything else that is thrown is a defect.
 * Whether a caller may try again by itself is `retry`; only `later` may be swallowed by a back-off.
 */
export class TokentrayError extends Error {
  override readonly name = 'TokentrayError';
  readonly code: ErrorCode;
  readonly attempted: string | undefined;
  readonly subject: string | undefined;
  readonly advice: string | undefined;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.attempted = detail.attempted;
    this.subject = detail.subject;
    this.advice = detail.advice;
    this.facts = detail.facts ?? {};
  }

  get retry(): 'never' | 'later' {
    return codes[this.code].retry;
  }

  /** The shape that leaves the process: no stack, no cause. */
  toJSON(): { code: ErrorCode; message: string; subject?: string; advice?: string; facts: ErrorFacts } {
    return {
      code: this.code,
      message: this.message,
      ...(this.subject === undefined ? {} : { subject: this.subject }),
      ...(this.advice === undefined ? {} : { advice: this.advice }),
      facts: this.facts,
    };
  }
}

export function isTokentrayError(error: unknown, ...wanted: ErrorCode[]): error is TokentrayError {
  return error instanceof TokentrayError && (wanted.length === 0 || wanted.includes(error.code));
}

/** Ends a switch over a union: the compiler refuses a forgotten kind, the runtime names an impossible one. */
export function assertNever(value: never): never {
  throw new TokentrayError('internal', `unexpected value ${JSON.stringify(value)}`);
}
