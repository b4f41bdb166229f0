// Which servers are listed and in which order: who needs the person comes first, then by name. Pure.
import type { ServerView } from '../store/model.ts';
import { stateTone, type Tone } from '../words/state.ts';

export type Show = 'all' | 'needs-you';

const rank: Readonly<Record<Tone, number>> = { 'needs-you': 0, busy: 1, waiting: 2, fine: 3, idle: 3 };
const byName = new Intl.Collator(undefined, { numeric: true });

const noneHeld: ReadonlyMap<string, number> = new Map();

/** @param held how many tools of a server wait to be looked at */
export function listed(
  servers: Iterable<ServerView>,
  search: string,
  show: Show,
  held: ReadonlyMap<string, number> = noneHeld,
): ServerView[] {
  const toneOf = (view: ServerView): Tone => (held.has(view.server) ? 'needs-you' : stateTone(view.state));
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  return [...servers]
    .filter((view) => show === 'all' || toneOf(view) === 'needs-you')
    .filter((view) => {
      const text =
        `${view.server} ${view.url} ${view.account} ${view.identity ?? ''} ${view.issuer ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => rank[toneOf(a)] - rank[toneOf(b)] || byName.compare(a.server, b.server));
}

/**
 * "12 servers, 2 need you": how things are in one line.
 * @param questions how many questions of agents wait for the person: then something needs them, though it is no server
 */
export function summary(
  servers: Iterable<ServerView>,
  held: ReadonlyMap<string, number> = noneHeld,
  questions = 0,
): string {
  const tones = [...servers].map((view) => (held.has(view.server) ? 'needs-you' : stateTone(view.state)));
  const count = (tone: Tone) => tones.filter((one) => one === tone).length;
  const needYou = count('needs-you');
  const waiting = count('waiting');
  const said = [
    tones.length === 1 ? '1 server' : `${tones.length} servers`,
    needYou > 0 && `${needYou} ${needYou === 1 ? 'needs' : 'need'} you`,
    waiting > 0 && `${waiting} waiting for a provider`,
    questions > 0 && `${questions} ${questions === 1 ? 'question waits' : 'questions wait'} for you`,
    needYou === 0 && waiting === 0 && questions === 0 && 'nothing needs you',
  ];
  return said.filter(Boolean).join(', ');
}
