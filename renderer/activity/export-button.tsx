// The record under its filters as a file, as JSON lines or as a table; the broker writes it, the window only saves it.
import { useState } from 'react';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Segments } from '../design/segments.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { ActivityFilter } from '../store/route.ts';
import styles from './export-button.module.css';
import { exportWords } from './filter-words.ts';
import { saveFile } from './save-file.ts';

type Format = 'jsonl' | 'csv';
const formats = [
  { value: 'jsonl', label: 'JSON lines' },
  { value: 'csv', label: 'CSV' },
] as const;

interface ExportButtonProps {
  readonly of: 'activity' | 'audit';
  readonly filter: ActivityFilter;
}

export function ExportButton({ of, filter }: ExportButtonProps) {
  const client = useClient();
  const [open, setOpen] = useState(false);
  const [format, setFormat] = useState<Format>('jsonl');
  const call = useCall(async (signal) => {
    const file = await client[of].export({ ...filter, format }, { signal });
    saveFile(file);
    return file.name;
  });
  const working = call.state.kind === 'working';
  const close = () => {
    call.cancel();
    setOpen(false);
  };
  const save = async () => {
    const name = await call.run();
    if (name === null) return;
    close();
    toast(`Exported ${name}`);
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>Export…</Button>
      <Dialog
        open={open}
        onClose={close}
        title={`Export the ${of}`}
        about={exportWords(filter)}
        actions={
          <>
            <Button look="quiet" onClick={close}>
              Cancel
            </Button>
            <Button look="main" busy={working} onClick={() => void save()}>
              Export
            </Button>
          </>
        }
      >
        <div className={styles.format}>
          <Segments label="Format" value={format} onChange={setFormat} options={formats} />
        </div>
        <p className={styles.about}>
          {format === 'jsonl'
            ? 'One event a line, each with everything that was noted: for programs.'
            : 'A row an event, its details as JSON in the last column: for a spreadsheet.'}
        </p>
        {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
      </Dialog>
    </>
  );
}
