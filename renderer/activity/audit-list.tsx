// The audit's rows as a list of any length: the newest on top, older ones as one scrolls, the whole of a row on a press.
import { useMemo, useState, type ReactNode } from 'react';
import type { AuditEntry } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { VirtualList } from '../design/virtual-list.tsx';
import { useNow } from '../store/clock.ts';
import type { ActivityFilter } from '../store/route.ts';
import styles from './activity-list.module.css';
import { AuditDialog } from './audit-dialog.tsx';
import { AuditRow } from './audit-row.tsx';
import { byDays, dayNames, type DayRow } from './days.ts';
import { counted } from '../words/counted.ts';
import { useAudit } from './use-audit.ts';

const pageSize = 200;
/** As the style sheet has them. */
const rowHeight = 60;
const dayHeight = 40;
const heightOf = (row: DayRow<AuditEntry>): number => rowHeight + (row.day === null ? 0 : dayHeight);
const keyOf = (row: DayRow<AuditEntry>): number => row.event.seq;

export function AuditList({ filter, empty }: { readonly filter: ActivityFilter; readonly empty: ReactNode }) {
  const [chosen, setChosen] = useState<AuditEntry | null>(null);
  const { rows: entries, next, loading, more, again, newest } = useAudit(filter, pageSize);
  const day = useNow(60_000);
  const rows = useMemo(() => byDays(entries, dayNames(day)), [entries, day]);
  if (loading.kind === 'first' && entries.length === 0) return <Progress label="Reading the audit" />;
  if (loading.kind === 'failed' && entries.length === 0) {
    return <ProblemNote problem={loading.problem} actions={<Button onClick={again}>Try again</Button>} />;
  }
  return (
    <div>
      <div className={styles.card}>
        {rows.length === 0 ? (
          empty
        ) : (
          <VirtualList label="Rows, newest first" items={rows} keyOf={keyOf} rowHeight={heightOf} onEnd={more}>
            {(row, { tabIndex }) => <AuditRow row={row} tabIndex={tabIndex} onOpen={setChosen} />}
          </VirtualList>
        )}
      </div>
      <div className={styles.foot}>
        {loading.kind === 'older' && <Progress label="Reading older rows" />}
        {loading.kind === 'failed' && (
          <ProblemNote problem={loading.problem} actions={<Button onClick={again}>Try again</Button>} />
        )}
        {loading.kind === 'ready' && next === null && rows.length > 0 && (
          <p className={styles.end}>{counted(rows.length, 'row')}. This is where what is kept begins.</p>
        )}
        <p className={styles.end}>
          <Button size="small" look="quiet" busy={loading.kind === 'first'} onClick={newest}>
            Look for newer rows
          </Button>
        </p>
      </div>
      <AuditDialog entry={chosen} onClose={() => setChosen(null)} />
    </div>
  );
}
