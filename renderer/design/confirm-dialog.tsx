// Asks before something is destroyed: says first what will happen, shows that it happens, and what went wrong if it did.
import { useState, type ReactNode } from 'react';
import type { Call } from '../store/call.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';
import { ProblemNote } from './note.tsx';

interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** What will happen, in full: what ends, what is kept, what cannot be undone. */
  readonly children: ReactNode;
  /** The verb: "Revoke", "Forget this server". */
  readonly action: string;
  readonly call: Pick<Call<readonly [], unknown>, 'state' | 'run'>;
  readonly onDone?: () => void;
  /** Words that the person has to type. */
  readonly typed?: string;
  /** What leaves everything as it is. */
  readonly keep?: string;
  /** What is not destructive has a calm button. */
  readonly look?: 'danger' | 'main';
}

/** `call` is made on the person's word; while it is under way the dialog stays. */
export function ConfirmDialog({
  open,
  onClose,
  title,
  children,
  action,
  call,
  onDone,
  typed,
  keep = 'Keep it',
  look = 'danger',
}: ConfirmDialogProps) {
  const [words, setWords] = useState('');
  const working = call.state.kind === 'working';
  const close = () => {
    if (working) return;
    setWords('');
    onClose();
  };
  const confirm = async () => {
    const value = await call.run();
    if (value === null) return;
    setWords('');
    onDone?.();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      actions={
        <>
          <Button look="quiet" onClick={close} disabled={working}>
            {keep}
          </Button>
          <Button
            look={look === 'danger' ? 'destroy' : look}
            busy={working}
            disabled={typed !== undefined && words.trim() !== typed}
            onClick={() => void confirm()}
          >
            {action}
          </Button>
        </>
      }
    >
      {children}
      {typed !== undefined && (
        <TextField
          label={`Type “${typed}” to go on`}
          value={words}
          onChange={setWords}
          autoComplete="off"
          spellCheck={false}
          firstFocus
        />
      )}
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Dialog>
  );
}
