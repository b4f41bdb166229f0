// What the person decided: who may use which grant, for how long and for what; nothing that has ended comes back.
import type { Approval } from '../../preload/contract-access.ts';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import type { AgentRow, Store } from '../store/types.ts';
import { shortId } from './short-id.ts';
import type { SteadyClock } from './steady-clock.ts';
import { everything, readOnly } from './types.ts';
import type { ApprovalRow, Lasts, ToolRules } from './types.ts';

/** Whose access it is about: one agent's to one grant, from one connection. */
export interface Asking {
  readonly agent: Pick<AgentRow, 'id' | 'name'>;
  readonly server: string;
  readonly account: string;
  readonly session: string;
}

/** How things stand, by decisions alone. The row of a denial for one request is gone once it was `spend`ed. */
export type Standing =
  | { readonly kind: 'allowed'; readonly approval: ApprovalRow }
  | { readonly kind: 'denied'; readonly approval: ApprovalRow }
  | { readonly kind: 'unasked' };

export interface Decision {
  readonly decision: 'allow' | 'deny';
  readonly lasts: Lasts;
  /** By the machine's clock. */
  readonly until?: number | undefined;
  readonly rules?: ToolRules | undefined;
}

export type EndedBecause =
  | 'used'
  | 'session-over'
  | 'silent'
  | 'expired'
  | 'revoked'
  | 'replaced'
  | 'broker-restarted'
  | 'agent-revoked'
  | 'no-longer-trusted'
  | 'server-forgotten'
  | 'account-forgotten'
  | 'panic';

export interface ApprovalChange {
  readonly agentId: string;
  readonly server: string;
  readonly account: string;
  /** The row that has ended just now; null: one was added or changed. */
  readonly ended: { readonly id: string; readonly because: EndedBecause } | null;
}

/** What happened, for activity and audit. `agent` is its name; the detail never holds a secret. */
export interface AccessEvent {
  readonly kind: string;
  readonly server: string;
  readonly account: string;
  readonly agent: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

export interface Approvals {
  /** A trusted agent gets its approval here, at its first use. */
  standing(who: Asking): Standing;
  /** Uses up a decision for one request. True for exactly one caller. */
  spend(id: string): boolean;
  /**
   * Writes the decision; whatever stood against it ends. For a session, `sessions` get one row each, and the first is given.
   * @throws invalid_input when the end is missing or has passed
   */
  decide(who: Omit<Asking, 'session'>, sessions: readonly string[], decision: Decision, by: string): ApprovalRow;
  /** @throws unknown_approval, invalid_input */
  change(id: string, to: { rules?: ToolRules | undefined; until?: number | null | undefined }): ApprovalRow;
  /** False when there is no such living approval. */
  revoke(id: string): boolean;
  /** How many of every agent there were. */
  revokeAll(): number;
  /** Ends what was decided for once or for a session; how many there were. */
  endPassing(): number;
  living(): ApprovalRow[];
  view(row: ApprovalRow): Approval;
  /** An agent on HTTP has just asked for something: its session goes on. */
  heard(agentId: string, session: string): void;
  sessionOver(agentId: string, session: string): void;
  agentEnded(agentId: string): void;
  agentUntrusted(agentId: string): void;
  /** All of a server, or of one account of it. */
  serverForgotten(server: string, account?: string): void;
  onChange(listener: (change: ApprovalChange) => void): () => void;
  close(): void;
}

export interface ApprovalParts {
  readonly store: Pick<Store, 'approvals' | 'agents' | 'transaction'>;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly tell: (event: AccessEvent) => void;
}

/** An agent on HTTP that says nothing for so long has ended its session. */
export const silentSessionMs = 30 * 60_000;
/** Timers hold no more than 24 days, and a machine that slept or was set ahead is noticed by looking. */
const lookEveryMs = 60_000;
const endedKeptMs = 90 * 24 * 60 * 60_000;
/** A single request that was allowed and never came is not let through days later. */
export const onceWithinMs = 15 * 60_000;
/** Beyond this a date is a mistake, and `always` is what was meant. */
const longestMs = 10 * 365 * 24 * 60 * 60_000;

const noQuestions: ToolRules = { ...everything, ask: 'never' };

export function createApprovals({ store, clock, steady, tell }: ApprovalParts): Approvals {
  const table = store.approvals;
  const listeners = new Set<(change: ApprovalChange) => void>();
  const lastHeard = new Map<string, number>();
  /** As the table has it: every request asks, and next to none changes anything. A decision for once is spent in the table. */
  const known = new Map<string, readonly ApprovalRow[]>();
  let stopLooking: (() => void) | null = null;

  const nameOf = (agentId: string): string => store.agents.get(agentId)?.name ?? '';
  const changed = (row: ApprovalRow, because: EndedBecause | null): void => {
    known.clear();
    const { agentId, server, account } = row;
    const ended = because === null ? null : { id: row.id, because };
    for (const listener of listeners) listener({ agentId, server, account, ended });
  };
  const told = (kind: string, row: ApprovalRow, detail: AccessEvent['detail']): void =>
    tell({ kind, server: row.server, account: row.account, agent: nameOf(row.agentId), detail });

  const end = (row: ApprovalRow, because: EndedBecause): boolean => {
    if (!table.end(row.id, clock.now(), because)) return false;
    if (because === 'revoked') told('approval-revoked', row, { decision: row.decision });
    else if (because !== 'replaced') told('approval-ended', row, { decision: row.decision, because });
    changed(row, because);
    return true;
  };
  const endAll = (wanted: (row: ApprovalRow) => boolean, because: EndedBecause): number =>
    table.living().filter((row) => wanted(row) && end(row, because)).length;

  const isOver = (row: ApprovalRow): boolean => row.until !== null && steady.now() >= row.until;
  const isSilent = (row: ApprovalRow): boolean => {
    const at = row.session === null ? undefined : lastHeard.get(heardKey(row.agentId, row.session));
    return at !== undefined && steady.now() - at >= silentSessionMs;
  };

  const look = (): void => {
    stopLooking?.();
    stopLooking = null;
    for (const row of table.living()) {
      if (isOver(row)) end(row, 'expired');
      else if (isSilent(row)) end(row, 'silent');
    }
    for (const [key, at] of lastHeard) if (steady.now() - at >= silentSessionMs) lastHeard.delete(key);
    const now = steady.now();
    const bounded = table.living().flatMap((row) => (row.until === null ? [] : row.until - now));
    if (bounded.length === 0 && lastHeard.size === 0) return;
    stopLooking = clock.after(Math.min(lookEveryMs, ...bounded), look);
  };

  /** What stands, ended ones ended. */
  const living = (agentId: string, server: string, account: string): ApprovalRow[] => {
    const key = JSON.stringify([agentId, server, account]);
    const rows = known.get(key) ?? table.of(agentId, server, account);
    known.set(key, rows);
    return rows.filter((row) => {
      if (isOver(row)) end(row, 'expired');
      else if (isSilent(row)) end(row, 'silent');
      else return true;
      return false;
    });
  };

  const untilOf = (until: number | null | undefined, lasts: Lasts): number | null => {
    if (until === undefined || until === null) {
      if (lasts === 'once') return steady.now() + onceWithinMs;
      if (lasts !== 'until') return null;
      throw new TokentrayError('invalid_input', 'a decision that lasts until a time needs that time');
    }
    const at = Math.trunc(steady.fromWall(until));
    const left = at - steady.now();
    if (left > 0 && left <= longestMs) return at;
    throw new TokentrayError('invalid_input', 'the end of a decision lies in the future, at most ten years from now');
  };

  const add = (row: ApprovalRow): void => {
    try {
      store.transaction(() => {
        for (const other of table.of(row.agentId, row.server, row.account)) {
          // A decision for one connection leaves what was decided for another one.
          if (row.session === null || other.session === null || other.session === row.session) end(other, 'replaced');
        }
        table.add(row);
      });
    } finally {
      known.clear();
    }
    changed(row, null);
    look();
  };

  const trust = ({ agent, server, account }: Asking): ApprovalRow => {
    const row: ApprovalRow = {
      id: shortId(),
      agentId: agent.id,
      server,
      account,
      decision: 'allow',
      lasts: 'always',
      until: null,
      session: null,
      // Nobody is there to be asked: that is what trusting an agent is for.
      rules: noQuestions,
      decidedAt: clock.now(),
      decidedBy: 'trusted',
      endedAt: null,
      endedBecause: null,
    };
    add(row);
    told('approved', row, { lasts: row.lasts, ...rulesTold(row.rules), by: row.decidedBy });
    return row;
  };

  // What was decided for a session ended with the broker that had the session, however that one ended.
  table.forgetEndedBefore(clock.now() - endedKeptMs);
  endAll((row) => row.lasts === 'session', 'broker-restarted');
  look();

  return {
    standing(who) {
      const { agent, server, account, session } = who;
      const rows = living(agent.id, server, account);
      // Of the two there is one at most: each takes the other's place.
      const decided = rows.find((row) => row.session === session) ?? rows.find((row) => row.session === null);
      if (decided !== undefined) {
        return { kind: decided.decision === 'allow' ? 'allowed' : 'denied', approval: decided };
      }
      // As it is now: a connection may be older than the person's trust.
      const row = store.agents.get(agent.id);
      if (row === null || !row.trusted || row.revokedAt !== null) return { kind: 'unasked' };
      // What the person took from a trusted agent is asked for like any other's.
      if (table.endedAs(agent.id, server, account, 'trusted', 'revoked')) return { kind: 'unasked' };
      return { kind: 'allowed', approval: trust(who) };
    },

    spend(id) {
      const row = table.get(id);
      return row !== null && end(row, 'used');
    },

    decide({ agent, server, account }, sessions, { decision, lasts, until, rules }, by) {
      const bound: readonly (string | null)[] = lasts === 'session' ? sessions : [null];
      const end = untilOf(until, lasts);
      const rows = bound.map((session): ApprovalRow => ({
        id: shortId(),
        agentId: agent.id,
        server,
        account,
        decision,
        lasts,
        until: end,
        session,
        rules: rules ?? (decision === 'allow' ? everything : readOnly),
        decidedAt: clock.now(),
        decidedBy: by,
        endedAt: null,
        endedBecause: null,
      }));
      const [first] = rows;
      if (first === undefined) {
        throw new TokentrayError('invalid_input', 'the session that this was asked from is over', {
          attempted: 'decide for one session',
          advice: 'Decide for once, for a time, or for always.',
        });
      }
      store.transaction(() => rows.forEach(add));
      const lastsUntil = first.until === null ? null : steady.toWall(first.until);
      // What was denied is everything; rules would say nothing about it.
      if (decision === 'deny') told('denied', first, { lasts, until: lastsUntil, by });
      else told('approved', first, { lasts, until: lastsUntil, ...rulesTold(first.rules), by });
      return first;
    },

    change(id, { rules, until }) {
      const row = table.get(id);
      if (row === null || row.endedAt !== null || isOver(row)) throw unknownApproval(id);
      const to = {
        ...row,
        rules: rules ?? row.rules,
        until: until === undefined ? row.until : untilOf(until, row.lasts),
      };
      if (!table.change(id, to)) throw unknownApproval(id);
      told('approval-changed', to, {
        until: to.until === null ? null : steady.toWall(to.until),
        ...(to.decision === 'deny' ? {} : rulesTold(to.rules)),
      });
      changed(to, null);
      look();
      return to;
    },

    revoke(id) {
      const row = table.get(id);
      return row !== null && end(row, 'revoked');
    },
    endPassing: () => endAll(({ lasts }) => lasts === 'once' || lasts === 'session', 'panic'),
    revokeAll: () => endAll((row) => row.decision === 'allow', 'revoked'),

    living: () => table.living().filter((row) => !isOver(row)),
    view: (row) => ({
      id: row.id,
      agentId: row.agentId,
      agent: nameOf(row.agentId),
      server: row.server,
      account: row.account,
      decision: row.decision,
      lasts: row.lasts,
      until: row.until === null ? null : steady.toWall(row.until),
      rules: row.rules,
      decidedAt: row.decidedAt,
      decidedBy: row.decidedBy,
    }),

    heard(agentId, session) {
      const key = heardKey(agentId, session);
      // Silent for too long and now back: that is a new session, and the old one's decisions go first.
      const at = lastHeard.get(key);
      if (at !== undefined && steady.now() - at >= silentSessionMs) {
        endAll((row) => row.agentId === agentId && row.session === session, 'silent');
      }
      lastHeard.set(key, steady.now());
      if (stopLooking === null) look();
    },
    sessionOver: (agentId, session) =>
      void endAll((row) => row.agentId === agentId && row.session === session, 'session-over'),
    agentEnded(agentId) {
      endAll((row) => row.agentId === agentId, 'agent-revoked');
      known.clear();
    },
    agentUntrusted: (agentId) =>
      void endAll((row) => row.agentId === agentId && row.decidedBy === 'trusted', 'no-longer-trusted'),
    serverForgotten(server, account) {
      const isOfIt = (row: ApprovalRow): boolean =>
        row.server === server && (account === undefined || row.account === account);
      endAll(isOfIt, account === undefined ? 'server-forgotten' : 'account-forgotten');
      // Its rows may have gone with it, unseen.
      known.clear();
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      stopLooking?.();
      endAll((row) => row.lasts === 'session', 'broker-restarted');
    },
  };
}

/** Of a row for activity and audit: as many globs, and so much of each, that all of it fits in. */
const globsTold = 20;
const charactersTold = 60;

/** What was allowed, in globs; of more than fit how many there are. */
function rulesTold({ tools, allow, deny, ask }: ToolRules): AccessEvent['detail'] {
  const told = (globs: readonly string[]): string[] =>
    globs
      .slice(0, globsTold)
      .map((glob) => (glob.length > charactersTold ? `${glob.slice(0, charactersTold)}…` : glob));
  const most = { allowGlobs: allow.length, denyGlobs: deny.length };
  const isCut = allow.length > globsTold || deny.length > globsTold;
  return { tools, allow: told(allow), deny: told(deny), ask, ...(isCut ? most : {}) };
}

const heardKey = (agentId: string, session: string): string => JSON.stringify([agentId, session]);

export const unknownApproval = (id: string): TokentrayError =>
  new TokentrayError('unknown_approval', `there is nothing open under ${quote(id, 40)}`, {
    attempted: 'change an approval',
    advice: 'It was answered, or has ended. See what there is: tokentray approvals',
    facts: { id: id.slice(0, 128) },
  });
