// The record under its filters as a file, as JSON lines or as a table; the broker writes it, the window only saves it.
import type { ActivityFilter } from '../store/route.ts';
import { Button } from '../design/button.tsx';
import { ProblemNote } from '../design/note.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { toast } from '../design/toast.tsx';
import { saveFile } from './save-file.ts';
import styles from './export-menu.module.css';

export function ExportMenu({ filter }: { readonly filter: ActivityFilter }) {
  const client = useClient();
  const call = useCall(async (signal, format: 'jsonl' | 'csv') => {
    const file = await client.activity.export({ ...filter, format }, { signal });
    saveFile(file);
    toast(`Exported ${file.name}`);
    return format;
  });
  const working = call.state.kind === 'working';
  return (
    <div className={styles.export}>
      {working && (
        <Button look="quiet" onClick={call.cancel}>
          Cancel
        </Button>
      )}
      <Button busy={working} onClick={() => void call.run('jsonl')}>
        Export JSONL
      </Button>
      <Button busy={working} onClick={() => void call.run('csv')}>
        Export CSV
      </Button>
      {call.state.kind === 'failed' && (
        <div className={styles.problem}>
          <ProblemNote problem={call.state.problem} />
        </div>
      )}
    </div>
  );
}
