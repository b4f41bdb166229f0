// What an agent is called, and what it may use, in front of a person. Pure: the present comes in.
import type { Approval } from '../../preload/contract.ts';
import { rulesWords } from '../rules/rules-words.ts';
import type { Agent } from '../store/model.ts';
import { trustOf } from '../words/evidence.ts';
import { plainText } from '../words/names.ts';
import { exactTime, span } from '../words/time.ts';

/** How it comes in and proves itself. */
export function kindWords(kind: Agent['kind']): string {
  switch (kind) {
    case 'key':
      return 'over HTTP, with an agent key';
    case 'oauth':
      return 'over HTTP, signed in to the bridge';
    case 'stdio':
      return 'over stdio';
  }
}

/** Whether there is a reason not to believe what it calls itself. */
export function isDoubtful(agent: Pick<Agent, 'kind' | 'claimed' | 'checked'>): boolean {
  const { tone } = trustOf(agent);
  return tone === 'warn' || tone === 'danger';
}

/** Those that can still ask first, then the latest used; found by every word in what is known of it. */
export function listedAgents(agents: readonly Agent[], search: string): readonly Agent[] {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  return agents
    .filter((agent) => {
      const text = searchedText(agent);
      return words.every((word) => text.includes(word));
    })
    .toSorted(
      (a, b) =>
        Number(a.revokedAt !== null) - Number(b.revokedAt !== null) ||
        (b.lastUsedAt ?? b.createdAt) - (a.lastUsedAt ?? a.createdAt),
    );
}

function searchedText({ name, kind, claimed, checked }: Agent): string {
  const parts = [name, kind, claimed.name, claimed.client?.name, checked?.executable, checked?.script, checked?.folder];
  return parts.join(' ').toLowerCase();
}

/** How it is with asking: nobody is asked about any agent, about this one not, or about each server that it wants. */
type Asking = 'nobody' | 'not-about-it' | 'each';

export const askingAbout = ({ trusted }: Pick<Agent, 'trusted'>, approvals: 'ask' | 'off'): Asking =>
  approvals === 'off' ? 'nobody' : trusted ? 'not-about-it' : 'each';

/** "may use notes, files +2", "denied notes", "trusted: not asked about". */
export function approvalsSummary(
  approvals: readonly Approval[],
  agent: Pick<Agent, 'id' | 'trusted'>,
  mode: 'ask' | 'off' = 'ask',
): string {
  // What was decided counts again when asking is turned on; until then it holds nobody back.
  const asking = askingAbout(agent, mode);
  if (asking === 'nobody') return 'may use every server: nobody is asked';
  const own = approvals.filter(({ agentId }) => agentId === agent.id);
  const names = (decision: Approval['decision']) => [
    ...new Set(own.filter((one) => one.decision === decision).map(({ server }) => server)),
  ];
  const allowed = names('allow');
  const denied = names('deny');
  if (asking === 'not-about-it') {
    return denied.length > 0 ? `trusted: not asked about, but denied ${firstOf(denied)}` : 'trusted: not asked about';
  }
  if (allowed.length > 0) return `may use ${firstOf(allowed)}`;
  return denied.length > 0 ? `denied ${firstOf(denied)}` : 'nothing allowed so far';
}

/** What is to be known about the list of what was decided, beside that list; null: the list says it all. */
export function askingWords(asking: Asking, decided: number): string | null {
  switch (asking) {
    case 'nobody':
      return decided === 0
        ? 'Every server: approvals are off, and nobody is asked.'
        : 'Every server: approvals are off, and nobody is asked. What you decided counts again when they are on.';
    case 'not-about-it':
      return decided === 0
        ? 'Every server that you did not take from it: you trust it, and are not asked.'
        : 'Every server that you did not take from it: you trust it, and are not asked. Those it has come to so far:';
    case 'each':
      return decided === 0 ? 'Nothing so far. The first time it wants a server, you are asked.' : null;
  }
}

function firstOf([first = '', second, ...others]: readonly string[]): string {
  return `${first}${second === undefined ? '' : `, ${second}`}${others.length === 0 ? '' : ` +${others.length}`}`;
}

/** For how long a decision stands: "for this session", "for another 3 h", "always". */
export function lastsWords({ lasts, until }: Pick<Approval, 'lasts' | 'until'>, now: number): string {
  const end = until === null ? null : until - now < 1_000 ? 'ends now' : `for another ${span(until - now)}`;
  switch (lasts) {
    case 'once':
      return 'for one call';
    case 'session':
      return end === null ? 'for this session' : `for this session, at most ${end.replace(/^for /u, '')}`;
    case 'until':
      return end ?? 'without an end';
    case 'always':
      return end ?? 'always';
  }
}

/** A decision in one line: what of the server, and for how long. */
export function approvalWords(approval: Approval, now: number): string {
  const lasts = lastsWords(approval, now);
  if (approval.decision === 'allow') return `${rulesWords(approval.rules)} · ${lasts}`;
  return lasts === 'always' ? 'it is refused, and you are not asked' : `it is refused ${lasts}`;
}

/** Whose word it was, and when. */
export function decidedWords({ decidedBy, decidedAt }: Pick<Approval, 'decidedBy' | 'decidedAt'>): string {
  const when = exactTime(decidedAt);
  switch (decidedBy) {
    case 'trusted':
      return `because you trust the agent, ${when}`;
    case 'window':
      return `in the window, ${when}`;
    case 'browser':
      return `in a browser, ${when}`;
    case 'command-line':
      return `on the command line, ${when}`;
    default:
      return `${plainText(decidedBy, 60)}, ${when}`;
  }
}

/** What happens when it is revoked, before it does. */
export function revokeSteps(agent: Pick<Agent, 'kind'>, approvals: number): readonly string[] {
  const proof = {
    key: 'Its key is refused from this moment on and cannot be brought back.',
    oauth: 'Its tokens are refused from this moment on. It would have to sign in again, and you would be asked.',
    stdio: 'Its connections end. When the same program comes again, it is a new agent, and you are asked.',
  }[agent.kind];
  const ended =
    approvals === 0
      ? 'It has no approval that could end.'
      : approvals === 1
        ? 'Its approval ends, and what it has under way ends within a second.'
        : `Its ${approvals} approvals end, and what it has under way ends within a second.`;
  return [proof, ended, 'The grants it used stay, and other agents are not touched.'];
}
