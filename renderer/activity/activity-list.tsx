// The record as a list of any length: one row an event, the days between them, the whole of an event on a press.
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Activity } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { VirtualList } from '../design/virtual-list.tsx';
import { useNow } from '../store/clock.ts';
import type { ActivityFilter } from '../store/route.ts';
import { EventDialog } from './event-dialog.tsx';
import { counted } from '../words/counted.ts';
import { byDays, dayNames, type Row } from './days.ts';
import { EventRow } from './event-row.tsx';
import styles from './activity-list.module.css';
import { useActivity } from './use-activity.ts';

const pageSize = 200;
/** As the style sheet has them. */
const eventHeight = 60;
const dayHeight = 40;
const heightOf = (row: Row): number => eventHeight + (row.day === null ? 0 : dayHeight);
const keyOf = (row: Row): number => row.event.id;

export function ActivityList({ filter, empty }: { readonly filter: ActivityFilter; readonly empty: ReactNode }) {
  const top = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<Activity | null>(null);
  // Who has scrolled away from the newest is reading: nothing moves until they say so.
  const holds = useCallback(() => isAbove(top.current), []);
  const { feed, loading, more, again, release } = useActivity(filter, pageSize, holds);
  const day = useNow(60_000);
  const rows = useMemo(() => byDays(feed.items, dayNames(day)), [feed.items, day]);
  const showNew = () => {
    release();
    // The button that was pressed is gone: the focus begins anew where the list does.
    top.current?.focus({ preventScroll: true });
    top.current?.scrollIntoView({ block: 'center' });
  };

  if (loading.kind === 'first') return <Progress label="Reading the record" />;
  if (loading.kind === 'failed' && feed.items.length === 0) {
    return <ProblemNote problem={loading.problem} actions={<Button onClick={again}>Try again</Button>} />;
  }
  return (
    <div>
      <div ref={top} tabIndex={-1} role="group" aria-label="The newest events" />
      {feed.held.length > 0 && (
        <div className={styles.fresh}>
          <Button look="main" size="small" onClick={showNew}>
            {feed.held.length === 1 ? '1 new event' : `${feed.held.length} new events`}, show
          </Button>
        </div>
      )}
      {rows.length === 0 ? (
        <div className={styles.card}>{empty}</div>
      ) : (
        <div className={styles.card}>
          <VirtualList label="Events, newest first" items={rows} keyOf={keyOf} rowHeight={heightOf} onEnd={more}>
            {(row, { tabIndex }) => <EventRow row={row} tabIndex={tabIndex} onOpen={setChosen} />}
          </VirtualList>
        </div>
      )}
      <div className={styles.foot}>
        {loading.kind === 'older' && <Progress label="Reading older events" />}
        {loading.kind === 'failed' && (
          <ProblemNote problem={loading.problem} actions={<Button onClick={again}>Try again</Button>} />
        )}
        {loading.kind === 'ready' && feed.next === null && rows.length > 0 && (
          <p className={styles.end}>{counted(rows.length, 'event')}. This is where the record begins.</p>
        )}
      </div>
      <EventDialog event={chosen} onClose={() => setChosen(null)} />
    </div>
  );
}

/** Whether the beginning of the list has been scrolled out at the top. */
function isAbove(element: HTMLElement | null): boolean {
  return element !== null && element.getBoundingClientRect().top < 0;
}
