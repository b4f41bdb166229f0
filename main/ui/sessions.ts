// Which browsers may use this broker: a link lets one in, once; a session ends when it is revoked, or with the broker.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { BrowserSession } from '../../preload/contract.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';

export interface OpenedSession {
  readonly id: string;
  /**
   * The part of the path that is this session's. Cookies know no ports (RFC 6265 section 8.5): on a path that nobody can
   * guess, no other local web server that the person visits is sent ours.
   */
  readonly place: string;
  /** The cookie's value. */
  readonly proof: string;
}

export interface Sessions {
  /** A word that opens one session, once, within ten minutes. */
  newTicket(): string;
  /** Null for a ticket that is unknown, used or too old. */
  open(ticket: string, browser: string): OpenedSession | null;
  /** The session at this place whose cookie this is; null otherwise. */
  find(place: string, proof: string): string | null;
  /** Ends `response` with the session. */
  holds(id: string, response: ServerResponse): void;
  list(): BrowserSession[];
  revoke(id: string): boolean;
  close(): void;
}

interface Kept {
  readonly view: BrowserSession;
  readonly proofHash: Buffer;
  readonly underWay: Set<ServerResponse>;
}

/** Long enough to copy a link to another window, short enough that a forgotten one is worth nothing. */
const ticketLivesMs = 10 * 60_000;
const mostTickets = 20;
const mostSessions = 20;

export function createSessions(clock: Pick<Clock, 'now'>, onChange: (sessions: BrowserSession[]) => void): Sessions {
  // Both by hash, so that finding one takes no time that depends on a guess.
  const tickets = new Map<string, number>();
  const sessions = new Map<string, Kept & { lastUsedAt: number }>();

  const list = (): BrowserSession[] =>
    [...sessions.values()]
      .map(({ view, lastUsedAt }) => ({ ...view, lastUsedAt }))
      .sort((a, b) => b.openedAt - a.openedAt);

  const end = (hash: string): void => {
    const kept = sessions.get(hash);
    if (kept === undefined) return;
    sessions.delete(hash);
    for (const response of kept.underWay) response.destroy();
  };

  return {
    newTicket() {
      const now = clock.now();
      for (const [hash, expiresAt] of tickets) {
        if (now >= expiresAt || tickets.size >= mostTickets) tickets.delete(hash);
      }
      const ticket = random();
      tickets.set(hashOf(ticket).toString('hex'), now + ticketLivesMs);
      return ticket;
    },

    open(ticket, browser) {
      const hash = hashOf(ticket).toString('hex');
      const expiresAt = tickets.get(hash);
      // Before anything else: however often it comes from now on, this was its one use.
      tickets.delete(hash);
      const now = clock.now();
      if (expiresAt === undefined || now >= expiresAt) return null;
      for (const oldest of sessions.keys()) {
        if (sessions.size < mostSessions) break;
        end(oldest);
      }
      const opened = { id: randomBytes(8).toString('hex'), place: random(), proof: random() };
      sessions.set(hashOf(opened.place).toString('hex'), {
        view: { id: opened.id, openedAt: now, lastUsedAt: now, browser: quote(browser, 200).slice(1, -1) },
        proofHash: hashOf(opened.proof),
        underWay: new Set(),
        lastUsedAt: now,
      });
      onChange(list());
      return opened;
    },

    find(place, proof) {
      const kept = sessions.get(hashOf(place).toString('hex'));
      if (kept === undefined || !timingSafeEqual(kept.proofHash, hashOf(proof))) return null;
      kept.lastUsedAt = clock.now();
      return kept.view.id;
    },

    holds(id, response) {
      const kept = [...sessions.values()].find(({ view }) => view.id === id);
      // Revoked in the moment between.
      if (kept === undefined) response.destroy();
      kept?.underWay.add(response);
      response.once('close', () => kept?.underWay.delete(response));
    },

    list,
    revoke(id) {
      const hash = [...sessions].find(([, { view }]) => view.id === id)?.[0];
      if (hash === undefined) return false;
      end(hash);
      onChange(list());
      return true;
    },
    close() {
      tickets.clear();
      for (const hash of sessions.keys()) end(hash);
    },
  };
}

const random = (): string => randomBytes(32).toString('base64url');
const hashOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
