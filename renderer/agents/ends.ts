// When a decision or a grant is to end, as one of a few choices. Pure: the present comes in.
import { exactTime } from '../words/time.ts';

export type EndChoice = 'keep' | 'never' | 'hour' | 'day' | 'week' | 'month';

const hour = 60 * 60_000;
const lengths: Readonly<Record<Exclude<EndChoice, 'keep' | 'never'>, number>> = {
  hour,
  day: 24 * hour,
  week: 7 * 24 * hour,
  month: 30 * 24 * hour,
};

interface Choice {
  readonly value: EndChoice;
  readonly label: string;
}

const spans: readonly Choice[] = [
  { value: 'hour', label: 'In an hour' },
  { value: 'day', label: 'In a day' },
  { value: 'week', label: 'In a week' },
  { value: 'month', label: 'In 30 days' },
];

/** @param lasts what has to have an end keeps one */
export function endChoices({ lasts, until }: { lasts: string; until: number | null }): readonly Choice[] {
  return [
    { value: 'keep', label: until === null ? 'As it is: no end by the clock' : `As it is: ${exactTime(until)}` },
    ...spans,
    ...(until === null || lasts === 'until' ? [] : [{ value: 'never' as const, label: 'No end by the clock' }]),
  ];
}

/** Nothing where it stays as it is. @param now milliseconds since the epoch */
export function endAt(choice: EndChoice, now: number): { until?: number | null } {
  if (choice === 'keep') return {};
  return { until: choice === 'never' ? null : now + lengths[choice] };
}
