// What a finished command tells a script: stable numbers, printed by every --help.

export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  needsSignIn: 3,
  brokerNotReachable: 4,
  brokerRunning: 5,
  nodeTooOld: 6,
  notAgreed: 7,
  onlyForgottenHere: 8,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeWords: ReadonlyArray<readonly [ExitCode, string]> = [
  [exitCodes.ok, 'done'],
  [exitCodes.failure, 'it failed; stderr says why'],
  [exitCodes.usage, 'the command was not understood'],
  [exitCodes.needsSignIn, 'a person has to sign in first: tokentray connect <server>'],
  [exitCodes.brokerNotReachable, 'no broker answers and none could be started'],
  [exitCodes.brokerRunning, 'serve: another broker of yours is running'],
  [exitCodes.nodeTooOld, 'this Node is older than 22.13 (only stdio runs on 18 and newer)'],
  [exitCodes.notAgreed, 'the person cancelled, declined or let the time run out'],
  [exitCodes.onlyForgottenHere, 'revoke: forgotten here, not confirmed by the authorization server'],
];

/** The exit code of a failure, by the error's stable code. */
export function exitCodeFor(code: string): ExitCode {
  switch (code) {
    case 'invalid_input':
      return exitCodes.usage;
    case 'needs_sign_in':
      return exitCodes.needsSignIn;
    case 'broker_not_running':
      return exitCodes.brokerNotReachable;
    case 'broker_running':
      return exitCodes.brokerRunning;
    case 'authorization_denied':
    case 'sign_in_cancelled':
    case 'sign_in_timeout':
    case 'sign_in_silent':
    case 'step_up_declined':
      return exitCodes.notAgreed;
    default:
      return exitCodes.failure;
  }
}
