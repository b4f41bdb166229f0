// Small helpers for those who wait for a grant: the error that tells a person is needed, and giving up waiting.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { usualAccount } from './history.ts';
import type { NeedsSignInReason, OfAccount } from './types.ts';

const reasons: Record<NeedsSignInReason, string> = {
  'never-signed-in': 'nobody has signed in yet',
  'ended-by-provider': 'the provider ended the grant',
  'revoked-here': 'the grant was revoked here',
  'no-refresh-token': 'the access token has ended and the provider gave no refresh token',
  'lost-from-vault': 'the vault no longer holds its refresh token',
  'refresh-answer-lost': 'the answer to a refresh was lost, and the provider may have replaced the refresh token in it',
  'registration-needed': 'the authorization server registers no clients by itself',
  'client-unknown': 'the authorization server no longer knows this client',
  'authorization-server-changed': 'the server now uses another authorization server',
  'token-refused-by-server': 'the server refuses the tokens that its authorization server issues',
  'more-scopes-wanted': 'it wants scopes that were not granted yet',
  'lifetime-over': 'the end that was set for it has come',
};

/** A person is needed. Not retried by anybody: only a sign-in helps. */
export function needsSignIn(of: OfAccount, because: NeedsSignInReason, scopes: readonly string[] = []): TokentrayError {
  const wanted = scopes.length === 0 ? '' : `: ${scopes.map((scope) => quote(scope, 80)).join(', ')}`;
  const { server, account } = of;
  const [name, option] =
    account === usualAccount ? [server, ''] : [`${server} (${account})`, ` --account ${shellWord(account)}`];
  return new TokentrayError('needs_sign_in', `${name} needs a sign-in: ${reasons[because]}${wanted}`, {
    attempted: 'get an access token',
    subject: server,
    advice: `Sign in: tokentray connect ${server}${option}`,
    facts: { server, because, ...(account === usualAccount ? {} : { account }) },
  });
}

/** An account's name as a shell takes it for one word; it holds no quote and nothing that cannot be seen. */
export const shellWord = (account: string): string => (/^[\w.@+-]+$/u.test(account) ? account : `"${account}"`);

/** `work`, unless the signal aborts first; the work itself goes on for the others who wait for it. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
