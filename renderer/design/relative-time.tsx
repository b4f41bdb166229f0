// A moment as a person says it, kept true while it is shown; the exact time is in the title.
import { useNow } from '../store/clock.ts';
import { ago, exactTime, until } from '../words/time.ts';

/** What was drawn is up to a second old: what happened since is not to come, it is just over. */
const skewMs = 2_000;

/** `at` in the past gives "4 min ago", in the future "in 4 min"; `none` where there is no moment. */
export function RelativeTime({ at, none = 'never' }: { readonly at: number | null; readonly none?: string }) {
  const coarse = useNow(10_000);
  const near = at !== null && Math.abs(at - coarse) < 120_000;
  const now = useNow(near ? 1_000 : 10_000);
  if (at === null) return <>{none}</>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {at > now + skewMs ? until(at, now) : ago(at, now)}
    </time>
  );
}
