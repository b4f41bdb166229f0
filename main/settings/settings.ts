// The settings of the whole app: what the person chose, what a flag decides over it, and what this host cannot do.
import type { AppSettings } from '../../preload/contract.ts';
import type { LockSettings } from '../access/lock.ts';
import type { Pinning } from '../access/types.ts';
import type { AuditSettings } from '../audit/types.ts';
import { TokentrayError } from '../errors.ts';
import type { LoginItem } from '../ports.ts';
import type { Store } from '../store/types.ts';

type Kept = Pick<Store, 'settings'>;

const names = {
  bridgePort: 'bridge-port',
  signIn: 'sign-in',
  approvals: 'approvals',
  approvalWait: 'approval-wait',
  pinning: 'pinning',
  auditArguments: 'audit-arguments',
  auditKeepDays: 'audit-keep-days',
  auditKeepMegabytes: 'audit-keep-megabytes',
  lockAfterIdle: 'lock-after-idle',
  lockOnScreenLock: 'lock-on-screen-lock',
  lockStreams: 'lock-streams',
} as const;

/** Agents give up after a minute or so: the answer should come before that, and so should the words that there is none. */
const usualApprovalWaitMs = 50_000;

/** The port that the person chose for the bridge; null: the usual one. What cannot be read is no choice. */
export function chosenPort(store: Kept): number | null {
  const text = store.settings.get(names.bridgePort) ?? '';
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** How servers sign in that are added from now on. */
export function usualSignIn(store: Kept): 'ask' | 'auto' {
  return store.settings.get(names.signIn) === 'auto' ? 'auto' : 'ask';
}

/** Whether the person wants to be asked before an agent uses a server; what cannot be read is no wish to be left alone. */
export function chosenApprovals(store: Kept): 'ask' | 'off' {
  return store.settings.get(names.approvals) === 'off' ? 'off' : 'ask';
}

/** How long a request waits for the person, in milliseconds. */
export function approvalWait(store: Kept): number {
  const text = store.settings.get(names.approvalWait) ?? '';
  const wait = /^\d{4,6}$/u.test(text) ? Number(text) : 0;
  return wait >= 5_000 && wait <= 600_000 ? wait : usualApprovalWaitMs;
}

/** What becomes of tools whose definition changed, where a server's own rules do not say it; what cannot be read is no leave. */
export function usualPinning(store: Kept): Pinning {
  const text = store.settings.get(names.pinning);
  return text === 'warn' || text === 'off' ? text : 'hold';
}

/** What the audit keeps, and for how long; what cannot be read is as usual. */
export function auditSettings(store: Kept): AuditSettings {
  const number = (name: string, most: number, usual: number): number => {
    const text = store.settings.get(name) ?? '';
    const value = /^\d{1,6}$/u.test(text) ? Number(text) : 0;
    return value >= 1 && value <= most ? value : usual;
  };
  // Each looked up when it is asked for: with every tool call that is one of them.
  return {
    get arguments() {
      return store.settings.get(names.auditArguments) === 'on';
    },
    get keepDays() {
      return number(names.auditKeepDays, 3_650, 365);
    },
    get keepMegabytes() {
      return number(names.auditKeepMegabytes, 65_536, 256);
    },
  };
}

/** When it locks by itself, and what becomes of open streams then; what cannot be read is no wish for them to go on. */
export function lockSettings(store: Kept): LockSettings {
  const text = store.settings.get(names.lockAfterIdle) ?? '';
  const minutes = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  return {
    afterIdleMinutes: minutes >= 1 && minutes <= 10_080 ? minutes : null,
    onScreenLock: store.settings.get(names.lockOnScreenLock) === 'on',
    streams: store.settings.get(names.lockStreams) === 'go-on' ? 'go-on' : 'end',
  };
}

export interface Settings {
  view(): Promise<AppSettings>;
  /** What holds now. */
  approvals(): 'ask' | 'off';
  /** @throws invalid_input for what this host cannot do */
  set(change: SettingsChange): Promise<AppSettings>;
}

export interface SettingsChange {
  readonly bridgePort?: number | null | undefined;
  readonly signIn?: 'ask' | 'auto' | undefined;
  readonly approvals?: 'ask' | 'off' | undefined;
  /** Milliseconds. */
  readonly approvalWait?: number | undefined;
  readonly tools?: { readonly pinning?: Pinning | undefined } | undefined;
  readonly audit?: { readonly [Name in keyof AuditSettings]?: AuditSettings[Name] | undefined } | undefined;
  readonly lock?: { readonly [Name in keyof LockSettings]?: LockSettings[Name] | undefined } | undefined;
  readonly startAtLogin?: boolean | undefined;
}

export interface SettingsParts {
  readonly store: Kept;
  /** Null where the host cannot start at login. */
  readonly loginItem: LoginItem | null;
  /** Whether the host hears of it when the machine's screen is locked. */
  readonly seesScreenLock?: boolean;
  readonly bridge: {
    readonly usual: number;
    readonly now: () => { readonly port: number; readonly wanted: number } | null;
    /** The flag or variable that decides; null: the person's choice does. */
    readonly fixedBy: string | null;
  };
  /** Decides over the person's choice; null: the choice counts. */
  readonly approvals: { readonly mode: 'ask' | 'off'; readonly fixedBy: string } | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly caFiles: readonly string[];
  readonly dataFolder: string;
}

export function createSettings(parts: SettingsParts): Settings {
  const { store, loginItem, bridge, env } = parts;

  const mode = (): 'ask' | 'off' => parts.approvals?.mode ?? chosenApprovals(store);

  const view = async (): Promise<AppSettings> => {
    const chosen = chosenPort(store);
    const now = bridge.now();
    const lock = lockSettings(store);
    return {
      bridgePort: {
        chosen,
        usual: bridge.usual,
        now: now?.port ?? null,
        fixedBy: bridge.fixedBy,
        afterRestart: bridge.fixedBy === null && now !== null && now.wanted !== (chosen ?? bridge.usual),
      },
      signIn: usualSignIn(store),
      approvals: {
        chosen: chosenApprovals(store),
        now: mode(),
        fixedBy: parts.approvals?.fixedBy ?? null,
        wait: approvalWait(store),
      },
      tools: { pinning: usualPinning(store) },
      audit: { ...auditSettings(store) },
      lock: { ...lock, onScreenLock: parts.seesScreenLock === true ? lock.onScreenLock : null },
      startAtLogin: loginItem === null ? null : await loginItem.get(),
      network: {
        httpProxy: proxyOf(env, 'http_proxy'),
        httpsProxy: proxyOf(env, 'https_proxy'),
        noProxy: cut(env['no_proxy'] ?? env['NO_PROXY']),
        caFiles: parts.caFiles,
      },
      dataFolder: parts.dataFolder,
    };
  };

  return {
    view,
    approvals: mode,
    async set({ bridgePort, signIn, approvals, approvalWait: wait, tools, audit, lock, startAtLogin }) {
      if (startAtLogin !== undefined) {
        if (loginItem === null) {
          throw new TokentrayError('invalid_input', 'this broker has no desktop to start with', {
            attempted: 'change the settings',
            advice: 'Start it from your system’s services: tokentray serve',
          });
        }
        await loginItem.set(startAtLogin);
      }
      if (lock?.onScreenLock !== undefined && parts.seesScreenLock !== true) {
        throw new TokentrayError('invalid_input', 'this broker has no desktop whose screen it could see locked', {
          attempted: 'change the settings',
          advice: 'Lock after minutes of idleness instead, or by hand: tokentray lock',
        });
      }
      if (bridgePort !== undefined) store.settings.set(names.bridgePort, bridgePort === null ? '' : String(bridgePort));
      if (signIn !== undefined) store.settings.set(names.signIn, signIn);
      if (approvals !== undefined) store.settings.set(names.approvals, approvals);
      if (wait !== undefined) store.settings.set(names.approvalWait, String(wait));
      if (audit?.arguments !== undefined) store.settings.set(names.auditArguments, audit.arguments ? 'on' : 'off');
      if (audit?.keepDays !== undefined) store.settings.set(names.auditKeepDays, String(audit.keepDays));
      if (audit?.keepMegabytes !== undefined) {
        store.settings.set(names.auditKeepMegabytes, String(audit.keepMegabytes));
      }
      if (lock?.afterIdleMinutes !== undefined) {
        store.settings.set(names.lockAfterIdle, lock.afterIdleMinutes === null ? '' : String(lock.afterIdleMinutes));
      }
      if (lock?.onScreenLock !== undefined) {
        store.settings.set(names.lockOnScreenLock, lock.onScreenLock ? 'on' : 'off');
      }
      if (lock?.streams !== undefined) store.settings.set(names.lockStreams, lock.streams);
      if (tools?.pinning !== undefined) store.settings.set(names.pinning, tools.pinning);
      return view();
    },
  };
}

/** Where the proxy is; a password in its address is nobody's to read here. */
function proxyOf(env: SettingsParts['env'], name: string): string | null {
  const value = (env[name] ?? env[name.toUpperCase()] ?? '').trim();
  if (value === '') return null;
  const text = /^[a-z][a-z0-9+.-]*:\/\//iu.test(value) ? value : `http://${value}`;
  return URL.canParse(text) ? `${new URL(text).protocol}//${new URL(text).host}` : null;
}

const cut = (value: string | undefined): string | null =>
  value === undefined || value.trim() === '' ? null : value.trim().slice(0, 4_096);
