// The settings of the whole app as the command line names them: how each is shown, and what it may be set to.
import type { z } from 'zod';
import type { AppSettings } from '../../preload/contract.ts';
import type { appSettingsChange } from '../../preload/contract-app.ts';
import { UsageError } from './command.ts';
import { parseDuration } from './duration.ts';
import type { Longest } from './duration.ts';

type Change = z.input<typeof appSettingsChange>;

export interface Setting {
  /** What may be given, for --help. */
  readonly takes: string;
  /** What it is about, in a line. */
  readonly about: string;
  /** As it can be given again; null: this host cannot do it. */
  show(settings: AppSettings): string | null;
  /** What decides over it or is still to come, for a person; null: nothing. */
  note?(settings: AppSettings): string | null;
  /** @throws UsageError */
  change(given: string): Change;
}

const minute = 60_000;
const aWait: Longest = { ms: 10 * minute, words: '5s to 10m, like 50s' };
const anIdleTime: Longest = { ms: 7 * 24 * 60 * minute, words: 'a minute to 7d, like 15m; or off' };

export const settingsTable: Readonly<Record<string, Setting>> = {
  approvals: {
    takes: 'ask | off',
    about: 'Whether you are asked before an agent uses a server',
    show: ({ approvals }) => approvals.chosen,
    note: ({ approvals }) => (approvals.fixedBy === null ? null : `${approvals.now}, because of ${approvals.fixedBy}`),
    change: (given) => ({ approvals: oneOf('approvals', given, ['ask', 'off']) }),
  },
  'approval-wait': {
    takes: '5s … 10m',
    about: 'How long a request waits for your answer',
    show: ({ approvals }) => timeOf(approvals.wait),
    change: (given) => ({ approvalWait: parseDuration(given, 'approval-wait', aWait) }),
  },
  pinning: {
    takes: 'hold | warn | off',
    about: 'Tools whose definition changed, where the rules of a server do not say it',
    show: ({ tools }) => tools.pinning,
    change: (given) => ({ tools: { pinning: oneOf('pinning', given, ['hold', 'warn', 'off']) } }),
  },
  'sign-in': {
    takes: 'ask | auto',
    about: 'Servers that are added from now on: open the browser by itself, or ask',
    show: ({ signIn }) => signIn,
    change: (given) => ({ signIn: oneOf('sign-in', given, ['ask', 'auto']) }),
  },
  'bridge-port': {
    takes: 'a port | usual',
    about: 'Where agents on HTTP come, from the next start on',
    show: ({ bridgePort }) => (bridgePort.chosen === null ? 'usual' : String(bridgePort.chosen)),
    note({ bridgePort: { now, usual, fixedBy, afterRestart } }) {
      const words = [
        now === null ? `not up; ${usual} is usual` : String(now),
        ...(fixedBy === null ? [] : [`because of ${fixedBy}`]),
        ...(afterRestart ? ['the choice counts from the next start on'] : []),
      ];
      return words.join(', ');
    },
    change: (given) => ({ bridgePort: given === 'usual' ? null : numberOf('bridge-port', given) }),
  },
  'audit-arguments': {
    takes: 'on | off',
    about: 'Keep the arguments of tool calls, without what looks like a credential',
    show: ({ audit }) => onOff(audit.arguments),
    change: (given) => ({ audit: { arguments: isOn('audit-arguments', given) } }),
  },
  'audit-keep-days': {
    takes: 'a number',
    about: 'Rows of the audit that are older go',
    show: ({ audit }) => String(audit.keepDays),
    change: (given) => ({ audit: { keepDays: numberOf('audit-keep-days', given) } }),
  },
  'audit-keep-megabytes': {
    takes: 'a number',
    about: 'Beyond that, the oldest rows go',
    show: ({ audit }) => String(audit.keepMegabytes),
    change: (given) => ({ audit: { keepMegabytes: numberOf('audit-keep-megabytes', given) } }),
  },
  'lock-after-idle': {
    takes: '1m … 7d | off',
    about: 'Lock when no agent asked for anything and you did nothing for so long',
    show: ({ lock }) => (lock.afterIdleMinutes === null ? 'off' : timeOf(lock.afterIdleMinutes * minute)),
    change(given) {
      if (given === 'off') return { lock: { afterIdleMinutes: null } };
      const time = parseDuration(given, 'lock-after-idle', anIdleTime);
      if (time % minute !== 0) throw new UsageError('lock-after-idle takes whole minutes');
      return { lock: { afterIdleMinutes: time / minute } };
    },
  },
  'lock-on-screen-lock': {
    takes: 'on | off',
    about: 'Lock with the screen',
    show: ({ lock }) => (lock.onScreenLock === null ? null : onOff(lock.onScreenLock)),
    change: (given) => ({ lock: { onScreenLock: isOn('lock-on-screen-lock', given) } }),
  },
  'lock-streams': {
    takes: 'end | go-on',
    about: 'What becomes of open streams when it locks',
    show: ({ lock }) => lock.streams,
    change: (given) => ({ lock: { streams: oneOf('lock-streams', given, ['end', 'go-on']) } }),
  },
  'start-at-login': {
    takes: 'on | off',
    about: 'Start with your session',
    show: ({ startAtLogin }) => (startAtLogin === null ? null : onOff(startAtLogin)),
    change: (given) => ({ startAtLogin: isOn('start-at-login', given) }),
  },
};

const onOff = (on: boolean): string => (on ? 'on' : 'off');
const isOn = (name: string, given: string): boolean => oneOf(name, given, ['on', 'off']) === 'on';

function oneOf<const T extends string>(name: string, given: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === given);
  if (found === undefined) throw new UsageError(`${name} takes ${choices.join(' or ')}`);
  return found;
}

function numberOf(name: string, given: string): number {
  if (!/^\d{1,9}$/u.test(given)) throw new UsageError(`${name} takes a number`);
  return Number(given);
}

/** In the largest unit that says it exactly. */
function timeOf(millis: number): string {
  const units = [
    ['d', 24 * 60 * minute],
    ['h', 60 * minute],
    ['m', minute],
    ['s', 1_000],
  ] as const;
  const [unit, length] = units.find(([, each]) => millis >= each && millis % each === 0) ?? ['ms', 1];
  return `${millis / length}${unit}`;
}
