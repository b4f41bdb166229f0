// What the core needs from the outside world. Hosts (headless, Electron, tests) supply it; the core imports no host.
import type { Secret } from './secret.ts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. Timers never keep the process alive. */
  after(ms: number, task: () => void): () => void;
}

/** A uniform number in [0, 1): jitter only, never a secret. */
export type Random = () => number;

/** The web's fetch. Which limits apply (caps, time-outs, address rules) is said where an implementation is made: net/. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Opens the system browser at an http(s) address that was checked and re-serialised; rejects when there is none. */
export type OpenUrl = (url: URL) => Promise<void>;

/** Whether the app starts when its person logs in; a desktop supplies it. */
export interface LoginItem {
  get(): boolean | Promise<boolean>;
  set(starts: boolean): void | Promise<void>;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log. Fields print as they are, except `Secret`s and errors' causes; foreign text is quoted and cut. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that go on every line. */
  with(fields: LogFields): Log;
}
export type LogFields = Readonly<Record<string, unknown>>;

/** Names one secret in the vault. `id` is unique in its kind; `label` is what a person reads in the keychain app. */
export interface SecretRef {
  readonly kind: 'grant' | 'registration' | 'audit';
  readonly id: string;
  readonly label: string;
}

/** The vault's contract. All three kinds pass the same contract test (test/vault/contract.ts). */
export interface SecretStore {
  readonly kind: 'keychain' | 'memory' | 'passphrase-file';
  /** Whether what is written survives the process. */
  readonly persistent: boolean;
  /** @throws vault_unavailable, vault_locked, vault_damaged */
  read(ref: Pick<SecretRef, 'kind' | 'id'>): Promise<Secret | null>;
  /** Resolves when the value is durable. A crash at any moment leaves the old or the new value. */
  write(ref: SecretRef, value: Secret): Promise<void>;
  /** True when there was something to delete. */
  delete(ref: Pick<SecretRef, 'kind' | 'id'>): Promise<boolean>;
  list(): Promise<SecretRef[]>;
}
