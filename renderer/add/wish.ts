// What the person wants of a sign-in, and what of it the broker has to be told. Pure.
import type { ServerView } from '../store/model.ts';
import type { Plan } from '../words/plan.ts';

export interface Wish {
  /** Null: as the plan has it. */
  readonly issuer: string | null;
  /** Those that were ticked off, however they came to be listed. */
  readonly unticked: ReadonlySet<string>;
  /** Typed by the person. */
  readonly extra: readonly string[];
  readonly freshConsent: boolean;
  readonly registerAgain: boolean;
}

export function firstWish(view: ServerView): Wish {
  return {
    issuer: null,
    unticked: new Set(view.settings.removedScopes),
    extra: [],
    freshConsent: false,
    registerAgain: false,
  };
}

/**
 * Every scope that the person decides about: the plan's, those held already, those never to be asked for, and their own.
 * What is held is in it because a provider that is asked for less gives less: nothing is to be lost without an untick.
 */
export function offeredScopes(plan: Plan, view: ServerView, wish: Wish): string[] {
  return [...new Set([...plan.scopes, ...view.grantedScopes, ...view.settings.removedScopes, ...wish.extra])];
}

/** Text of one or more scopes, as they stand in documentation: split at spaces and commas. */
export function typedScopes(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/u).filter(Boolean))];
}

interface Choices {
  readonly server: string;
  readonly account?: string;
  readonly issuer?: string;
  readonly scopes?: string[];
  readonly freshConsent?: boolean;
  readonly registerAgain?: boolean;
}

/** For `servers.plan`: only what leads to another plan. */
export function planChoices(server: string, issuer: string | null, account: string | null = null): Choices {
  return { server, ...(account === null ? {} : { account }), ...(issuer === null ? {} : { issuer }) };
}

/** For `signIn.start`. Scopes are named only when they differ from the plan, so that a plain sign-in stays one. */
export function signInChoices(plan: Plan, view: ServerView, wish: Wish, account: string | null = null): Choices {
  const scopes = offeredScopes(plan, view, wish).filter((scope) => !wish.unticked.has(scope));
  const asPlanned = scopes.length === plan.scopes.length && plan.scopes.every((scope) => scopes.includes(scope));
  return {
    ...planChoices(view.server, wish.issuer, account),
    ...(asPlanned ? {} : { scopes }),
    ...(wish.freshConsent ? { freshConsent: true } : {}),
    ...(wish.registerAgain ? { registerAgain: true } : {}),
  };
}

/** The server's new list of scopes that are never asked for; null when it stays as it is. */
export function removedScopes(plan: Plan, view: ServerView, wish: Wish): string[] | null {
  const offered = offeredScopes(plan, view, wish);
  const next = offered.filter((scope) => wish.unticked.has(scope));
  const known = view.settings.removedScopes;
  return next.length === known.length && next.every((scope) => known.includes(scope)) ? null : next;
}
