// The flight recorder of one server's grant, as a timeline: sign-ins, refreshes, failures and why, step-ups, newest first.
import { useCallback, useState, type ReactNode } from 'react';
import type { Activity } from '../../preload/contract.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { ProblemNote } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { Progress } from '../design/progress.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { EventDialog } from '../activity/event-dialog.tsx';
import { EventSign } from '../activity/event-sign.tsx';
import { describeEvent, type EventTone } from '../activity/event-words.ts';
import { useActivity } from '../activity/use-activity.ts';
import { href } from '../store/route.ts';
import { entryKey, grouped, type Entry } from './history-groups.ts';
import styles from './history.module.css';

const pageSize = 100;
// What is new belongs at the top at once: the entries below only move down.
const never = () => false;

export function History({ server }: { readonly server: string }) {
  const { feed, loading, more, again } = useActivity({ server }, pageSize, never);
  const [chosen, setChosen] = useState<Activity | null>(null);
  const body = () => {
    if (loading.kind === 'first') return <Progress label="Reading the record" />;
    if (loading.kind === 'failed' && feed.items.length === 0) {
      return <ProblemNote problem={loading.problem} actions={<Button onClick={again}>Try again</Button>} />;
    }
    if (feed.items.length === 0) return <EmptyState icon="activity" title="Nothing has happened with it yet" />;
    return (
      <>
        <ol className={styles.line}>
          {grouped(feed.items).map((entry) => (
            <EntryView key={entryKey(entry)} entry={entry} onOpen={setChosen} />
          ))}
        </ol>
        {loading.kind === 'older' && <Progress label="Reading older events" />}
        {loading.kind === 'failed' && (
          <ProblemNote problem={loading.problem} actions={<Button onClick={again}>Try again</Button>} />
        )}
        {loading.kind === 'ready' && feed.next !== null && <Button onClick={more}>Show older</Button>}
      </>
    );
  };
  return (
    <Card
      title="History"
      about="What the broker did for this server, newest first."
      actions={
        <LinkButton size="small" href={href({ at: 'activity', filter: { server } })}>
          In the activity
        </LinkButton>
      }
    >
      {body()}
      <EventDialog event={chosen} onClose={() => setChosen(null)} />
    </Card>
  );
}

interface EntryProps {
  readonly entry: Entry;
  readonly onOpen: (event: Activity) => void;
}

function EntryView({ entry, onOpen }: EntryProps) {
  if (entry.kind === 'one') {
    const { title, tone, agent, detail } = describeEvent(entry.event);
    return (
      <Item tone={tone} title={title} event={entry.event} onOpen={onOpen}>
        {(agent !== null || detail !== null) && (
          <>
            {agent !== null && (
              <span className={styles.agent}>
                <OutsideText fit="wrap" longest={100}>
                  {agent}
                </OutsideText>
              </span>
            )}
            {agent !== null && detail !== null && ' · '}
            {detail !== null && <OutsideText fit="wrap">{detail}</OutsideText>}
          </>
        )}
      </Item>
    );
  }
  return <Run entry={entry} onOpen={onOpen} />;
}

function Run({
  entry,
  onOpen,
}: {
  readonly entry: Extract<Entry, { kind: 'run' }>;
  readonly onOpen: EntryProps['onOpen'];
}) {
  const [open, setOpen] = useState(false);
  const toggle = useCallback(() => setOpen((now) => !now), []);
  const [newest] = entry.events;
  const oldest = entry.events.at(-1);
  if (newest === undefined || oldest === undefined) return null;
  const { title, tone } = describeEvent(newest);
  return (
    <>
      <li className={styles.item}>
        <EventSign tone={tone} />
        <div className={styles.words}>
          <p className={styles.head}>
            <span className={styles.title}>
              {title}, {entry.events.length} times
            </span>
            <span className={styles.time}>
              <RelativeTime at={newest.at} />
            </span>
          </p>
          <p className={styles.detail}>
            the first of them <RelativeTime at={oldest.at} />{' '}
            <Button look="quiet" size="small" aria-expanded={open} onClick={toggle}>
              {open ? 'Show less' : 'Show each'}
            </Button>
          </p>
        </div>
      </li>
      {open && entry.events.map((event) => <EntryView key={event.id} entry={{ kind: 'one', event }} onOpen={onOpen} />)}
    </>
  );
}

interface ItemProps {
  readonly tone: EventTone;
  readonly title: string;
  readonly event: Activity;
  readonly onOpen: (event: Activity) => void;
  readonly children: ReactNode;
}

function Item({ tone, title, event, onOpen, children }: ItemProps) {
  return (
    <li className={styles.item}>
      <EventSign tone={tone} />
      <div className={styles.words}>
        <p className={styles.head}>
          <button type="button" className={styles.open} onClick={() => onOpen(event)}>
            {title}
          </button>
          <span className={styles.time}>
            <RelativeTime at={event.at} />
          </span>
        </p>
        {children !== false && <p className={styles.detail}>{children}</p>}
      </div>
    </li>
  );
}
