// One change of the stream, folded into what is known. Pure; a change about a server that is not known changes nothing.
import type { Change, Use } from '../../preload/contract.ts';
import type { Known, ServerView } from './model.ts';

/** @param known null before the first snapshot, which every stream begins with */
export function applyChange(known: Known | null, change: Change): Known | null {
  if (change.kind === 'snapshot') return fromSnapshot(change);
  if (known === null) return null;
  switch (change.kind) {
    case 'added':
    case 'settings':
      return withServer(known, change.view);
    case 'state': {
      const view = known.servers.get(change.server);
      return view === undefined ? known : withServer(known, { ...view, state: change.state });
    }
    case 'forgotten':
      return without(known, change.server);
    case 'used':
      return { ...known, uses: withUse(known.uses, change.use) };
    case 'agents':
      return { ...known, agents: change.agents };
    case 'app-settings':
      return { ...known, settings: change.settings };
    case 'sessions':
      return { ...known, sessions: change.sessions };
    case 'demo':
      return { ...known, demo: change.demo };
    case 'paused':
      return { ...known, pausedSince: change.pausedSince };
    case 'activity':
      // Shown by the screens that list it; there is too much of it to be kept for all.
      return known;
    default:
      // A kind that a newer broker has and this window does not know.
      return known;
  }
}

function fromSnapshot(snapshot: Extract<Change, { kind: 'snapshot' }>): Known {
  const uses = new Map<string, readonly Use[]>();
  for (const use of snapshot.uses) uses.set(use.server, [...(uses.get(use.server) ?? []), use]);
  for (const [server, list] of uses) uses.set(server, latestFirst(list));
  const { agents, settings, sessions, demo, pausedSince } = snapshot;
  const servers = new Map(snapshot.servers.map((view) => [view.server, view]));
  return { servers, uses, agents, settings, sessions, demo, pausedSince };
}

function withServer(known: Known, view: ServerView): Known {
  return { ...known, servers: new Map(known.servers).set(view.server, view) };
}

function without(known: Known, server: string): Known {
  if (!known.servers.has(server)) return known;
  const servers = new Map(known.servers);
  const uses = new Map(known.uses);
  servers.delete(server);
  uses.delete(server);
  return { ...known, servers, uses };
}

function withUse(uses: Known['uses'], use: Use): Known['uses'] {
  const others = (uses.get(use.server) ?? []).filter((other) => other.agent !== use.agent || other.via !== use.via);
  return new Map(uses).set(use.server, latestFirst([use, ...others]));
}

const latestFirst = (uses: readonly Use[]): readonly Use[] => uses.toSorted((a, b) => b.lastAt - a.lastAt);
