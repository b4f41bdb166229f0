// Who uses what: each request that was let through is its agent's use of the server, written at most once a minute and told to whoever watches.
import type { Use } from '../../preload/contract.ts';
import type { Caller, Guards } from '../access/types.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import type { Store } from '../store/types.ts';

export interface Uses {
  note(use: Pick<Use, 'server' | 'agent' | 'via'>): void;
  /** What an agent used is told under the name that it has now. */
  renamed(was: string, is: string): void;
}

/** A hint for the person, not an audit. */
const everyMs = 60_000;
/** After this long without a word an agent that comes again is worth a line in the activity. */
const newAfterMs = 60 * 60_000;
/** Agents on stdio name themselves: what is remembered of them has an end. */
const mostRemembered = 1_000;

export function createUses(parts: {
  readonly store: Pick<Store, 'uses' | 'events'>;
  readonly clock: Pick<Clock, 'now'>;
  /** @param was under which name it was told before, where that was another one */
  readonly onUse: (use: Use, was?: string) => void;
}): Uses {
  const { store, clock } = parts;
  const noted = new Map<string, number>();
  return {
    note({ server, agent, via }) {
      const named = agentName(agent);
      const key = JSON.stringify([server, named, via]);
      const now = clock.now();
      const last = noted.get(key);
      if (last !== undefined && now - last < everyMs) return;
      if (noted.size >= mostRemembered) noted.clear();
      noted.set(key, now);
      const written = store.uses.note({ server, agent: named, via }, now);
      if (written === null) return;
      parts.onUse(written.use);
      if (written.before !== null && now - written.before < newAfterMs) return;
      store.events.append({ at: now, server, grantId: null, kind: 'used', detail: { agent: named, via } });
    },
    renamed(was, is) {
      noted.clear();
      for (const use of store.uses.rename(agentName(was), agentName(is))) parts.onUse(use, agentName(was));
    },
  };
}

/**
 * The same guards; `onThrough` is told of every request that one of them lets through. What was refused, or answered from memory
 * before anybody was allowed, used nothing.
 */
export function watchedGuards(guards: Guards, onThrough: (caller: Caller, server: string) => void): Guards {
  return {
    guard(caller, server) {
      const guard = guards.guard(caller, server);
      return {
        account: guard.account,
        ended: guard.ended,
        open: () => guard.open(),
        allowed: () => guard.allowed(),
        denied: () => guard.denied(),
        onChange: (listener) => guard.onChange(listener),
        async admit(request, waiting) {
          const admitted = await guard.admit(request, waiting);
          onThrough(caller, server);
          return admitted;
        },
        filterTools: (result) => guard.filterTools(result),
        close: () => guard.close(),
      };
    },
  };
}

/** One short line without invisible characters: it is what a program says of itself. */
function agentName(agent: string): string {
  const shown = quote(agent.trim(), 64).slice(1, -1).replaceAll('\\"', '"');
  return shown === '' ? 'unnamed agent' : shown;
}
