// One row of the audit: what, about which server, by which agent, when; the row is one button.
import type { AuditEntry } from '../../preload/contract.ts';
import { OutsideText } from '../design/outside-text.tsx';
import { clockTime, exactTime } from '../words/time.ts';
import { AboutLine } from './about-line.tsx';
import { describeEntry } from './audit-words.ts';
import type { DayRow } from './days.ts';
import styles from './event-row.module.css';
import { EventSign } from './event-sign.tsx';

interface AuditRowProps {
  readonly row: DayRow<AuditEntry>;
  readonly tabIndex: 0 | -1;
  readonly onOpen: (entry: AuditEntry) => void;
}

export function AuditRow({ row, tabIndex, onOpen }: AuditRowProps) {
  const { event: entry, day } = row;
  const { title, tone, agent, detail } = describeEntry(entry);
  return (
    <>
      {day !== null && <p className={styles.day}>{day}</p>}
      <button type="button" className={styles.row} data-row-focus="" tabIndex={tabIndex} onClick={() => onOpen(entry)}>
        <EventSign tone={tone} />
        <span className={styles.words}>
          <span className={styles.what}>
            <span className={styles.title}>{title}</span>
            {entry.server !== null && (
              <span className={styles.server}>
                <OutsideText>{entry.server}</OutsideText>
              </span>
            )}
          </span>
          <AboutLine agent={agent} detail={detail} />
        </span>
        <time className={styles.time} dateTime={new Date(entry.at).toISOString()} title={exactTime(entry.at)}>
          {clockTime(entry.at)}
        </time>
      </button>
    </>
  );
}
