// The receipt of Clear everything: what became of each server, and what else was removed.
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { Note } from '../design/note.tsx';
import { FateRows } from '../server/fate-rows.tsx';
import { counted } from '../words/counted.ts';
import styles from './cleared-dialog.module.css';
import { clearedWords, fateWords, type Cleared } from './cleared-words.ts';

export function ClearedDialog({
  cleared,
  onClose,
}: {
  readonly cleared: Cleared | null;
  readonly onClose: () => void;
}) {
  const shown = useShown(cleared);
  return (
    <Dialog
      open={cleared !== null}
      onClose={onClose}
      wide
      title="What was cleared"
      actions={
        <Button look="main" onClick={onClose}>
          Close
        </Button>
      }
    >
      {shown !== null && <Body cleared={shown} />}
    </Dialog>
  );
}

function Body({ cleared }: { readonly cleared: Cleared }) {
  const { tone, headline, advice } = clearedWords(cleared);
  const { servers, vaultItems, agents, documents, events } = cleared;
  return (
    <>
      <Note tone={tone} announce title={headline}>
        {advice}
      </Note>
      <FateRows fates={servers.map((one) => ({ ...one, ...fateWords(one) }))} />
      <p className={styles.soft}>
        Also removed: {counted(agents, 'agent')}, {counted(vaultItems, 'item')} left in the vault,{' '}
        {counted(documents, 'cached document')}, {counted(events, 'event')} of the record, and the settings.
      </p>
    </>
  );
}
