// One event of the record: what, about which server, by which agent, when; the row is one button.
import type { Activity } from '../../preload/contract.ts';
import { OutsideText } from '../design/outside-text.tsx';
import { clockTime, exactTime } from '../words/time.ts';
import { AboutLine } from './about-line.tsx';
import type { Row } from './days.ts';
import { EventSign } from './event-sign.tsx';
import styles from './event-row.module.css';
import { describeEvent } from './event-words.ts';

interface EventRowProps {
  readonly row: Row;
  readonly tabIndex: 0 | -1;
  readonly onOpen: (event: Activity) => void;
}

export function EventRow({ row, tabIndex, onOpen }: EventRowProps) {
  const { event, day } = row;
  const { title, tone, agent, detail } = describeEvent(event);
  return (
    <>
      {day !== null && <p className={styles.day}>{day}</p>}
      <button type="button" className={styles.row} data-row-focus="" tabIndex={tabIndex} onClick={() => onOpen(event)}>
        <EventSign tone={tone} />
        <span className={styles.words}>
          <span className={styles.what}>
            <span className={styles.title}>{title}</span>
            {event.server !== null && (
              <span className={styles.server}>
                <OutsideText>{event.server}</OutsideText>
              </span>
            )}
          </span>
          <AboutLine agent={agent} detail={detail} />
        </span>
        <time className={styles.time} dateTime={new Date(event.at).toISOString()} title={exactTime(event.at)}>
          {clockTime(event.at)}
        </time>
      </button>
    </>
  );
}
