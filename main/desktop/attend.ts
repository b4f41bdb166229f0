// Keeps the tray true and the person told: reads the broker's stream of changes, as every UI does, and asks only the contract.
import type { RouterClient } from '@orpc/server';
import type { createUiRouter } from '../control/ui-router.ts';
import type { Log } from '../ports.ts';
import { due } from './notices.ts';
import type { Notice, Told } from './notices.ts';
import { dueQuestion } from './question-notices.ts';
import { nothingYet, withChange } from './summary.ts';
import type { Summary } from './summary.ts';
import type { MenuActions } from './tray-face.ts';

export type UiClient = RouterClient<ReturnType<typeof createUiRouter>>;

/** The renderer's address of one server. */
export const serverHash = (server: string): string => `#/servers/${encodeURIComponent(server)}`;

/** The renderer's address of one question. */
export const promptHash = (id: string): string => `#/approvals/${encodeURIComponent(id)}`;

export interface AttendOptions {
  readonly client: UiClient;
  readonly show: (summary: Summary) => void;
  readonly notify: (notice: Notice) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Resolves when `signal` says so, or with the broker's last word. */
export async function attend({ client, show, notify, signal }: AttendOptions): Promise<void> {
  let summary = nothingYet;
  let told: Told = new Map();
  let toldQuestions: ReadonlySet<string> = new Set();
  for await (const change of await client.changes(undefined, { signal })) {
    const next = withChange(summary, change);
    if (next === summary) continue;
    summary = next;
    show(summary);
    const now = due(told, summary);
    told = now.told;
    if (now.notice !== null) notify(now.notice);
    const asked = dueQuestion(toldQuestions, summary);
    toldQuestions = asked.told;
    if (asked.notice !== null) notify(asked.notice);
  }
}

export interface MenuParts {
  readonly client: UiClient;
  readonly log: Log;
  readonly open: (hash?: string) => void;
  readonly panic: () => Promise<void>;
  readonly quit: () => void;
}

/** The menu's items, each one call of the contract; what goes wrong is shown where it can be put right. */
export function menuActions({ client, log, open, panic, quit }: MenuParts): MenuActions {
  const called = (what: string, call: Promise<unknown>, otherwise: () => void) => {
    call.catch((cause: unknown) => {
      log.warn('the tray could not do what it was told', { what, cause });
      otherwise();
    });
  };
  return {
    signIn: (server, account) =>
      called('sign in', client.signIn.start({ server, ...(account === undefined ? {} : { account }) }), () =>
        open(serverHash(server)),
      ),
    answer: (id) => open(promptHash(id)),
    open: (server) => open(server === undefined ? undefined : serverHash(server)),
    pause: () => called('pause', client.broker.pause(), () => open()),
    resume: () => called('resume', client.broker.resume(), () => open()),
    lock: () => called('lock', client.lock.lock(), () => open()),
    panic: () => called('stop everything', panic(), () => open()),
    quit,
  };
}
