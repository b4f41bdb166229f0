// What the made-up grants answer, until a test says otherwise.
import type { ControlDeps } from '../../../main/control/deps.ts';
import type { RevocationReceipt, SignInResult } from '../../../main/grants/types.ts';
import { secret } from '../../../main/secret.ts';

export const theToken = 'canary-access-token-8f2c';
export const theKey = 'ttk_canary-agent-key';

export const signedIn: SignInResult = {
  server: 'linear',
  issuer: 'https://as.example',
  requestedScopes: ['read'],
  grantedScopes: ['read'],
  accessTokenExpiresAt: 1_800_000_000_000,
  refreshable: true,
  account: 'default',
  identity: null,
  endsAt: null,
  warning: 'Grants end with this process.',
};

export interface Answers {
  token: () => Promise<{ access_token: ReturnType<typeof secret>; token_type: 'bearer'; expires_at: number }>;
  receipt: RevocationReceipt;
  signInUrl: string | null;
  /** Who is at the other end of the control socket. */
  startedBy: Awaited<ReturnType<ControlDeps['startedBy']>>;
}

export const usualAnswers = (): Answers => ({
  token: async () => ({ access_token: secret(theToken), token_type: 'bearer', expires_at: 1_800_000_000_000 }),
  receipt: {
    server: 'linear',
    issuer: 'https://as.example',
    tokens: [
      { token: 'refresh_token', outcome: { kind: 'revoked', status: 200 } },
      { token: 'access_token', outcome: { kind: 'not-held' } },
    ],
    confirmed: true,
    forgottenHere: true,
  },
  signInUrl: 'https://as.example/authorize?state=s',
  startedBy: { kind: 'somebody-else' },
});
