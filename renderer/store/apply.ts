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
      return withView(known, change.view);
    case 'state':
      return withState(known, change);
    case 'forgotten':
      return without(known, change.server);
    case 'used':
      return { ...known, uses: withUse(known.uses, change.use, change.was) };
    case 'agents':
      return { ...known, agents: change.agents };
    case 'prompts':
      return { ...known, prompts: change.prompts, floods: change.floods };
    case 'approvals':
      return { ...known, approvals: change.approvals };
    case 'tools':
      return { ...known, held: withHeld(known.held, change.server, change.held) };
    case 'account-pins':
      return { ...known, accountPins: change.pins };
    case 'lock':
      return { ...known, lock: change.lock };
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
  const { agents, settings, sessions, demo, pausedSince, prompts, floods, approvals, accountPins, lock } = snapshot;
  const held = new Map(snapshot.heldTools.map((one) => [one.server, one.held]));
  const empty: Known = {
    servers: new Map(),
    accounts: new Map(),
    uses,
    agents,
    prompts,
    floods,
    approvals,
    held,
    accountPins,
    lock,
    settings,
    sessions,
    demo,
    pausedSince,
  };
  return snapshot.servers.reduce(withView, empty);
}

function withView(known: Known, view: ServerView): Known {
  const before = known.servers.get(view.server);
  // The one that is shown for the whole server is its default account; until that has come, the first that did.
  const stands = before === undefined || view.isDefault || before.account === view.account;
  const ofServer = new Map(known.accounts.get(view.server)).set(view.account, view);
  return {
    ...known,
    servers: stands ? new Map(known.servers).set(view.server, view) : known.servers,
    accounts: new Map(known.accounts).set(view.server, ofServer),
  };
}

function withState(known: Known, { server, account, state }: Extract<Change, { kind: 'state' }>): Known {
  const view = known.accounts.get(server)?.get(account) ?? known.servers.get(server);
  return view === undefined ? known : withView(known, { ...view, state });
}

function without(known: Known, server: string): Known {
  if (!known.servers.has(server)) return known;
  const servers = new Map(known.servers);
  const accounts = new Map(known.accounts);
  const uses = new Map(known.uses);
  servers.delete(server);
  accounts.delete(server);
  uses.delete(server);
  return { ...known, servers, accounts, uses, held: withHeld(known.held, server, 0) };
}

function withHeld(held: Known['held'], server: string, count: number): Known['held'] {
  if ((held.get(server) ?? 0) === count) return held;
  const next = new Map(held);
  if (count === 0) next.delete(server);
  else next.set(server, count);
  return next;
}

function withUse(uses: Known['uses'], use: Use, was = use.agent): Known['uses'] {
  const isIt = ({ agent, via }: Use): boolean => via === use.via && (agent === use.agent || agent === was);
  const others = (uses.get(use.server) ?? []).filter((other) => !isIt(other));
  return new Map(uses).set(use.server, latestFirst([use, ...others]));
}

const latestFirst = (uses: readonly Use[]): readonly Use[] => uses.toSorted((a, b) => b.lastAt - a.lastAt);
