// A second account at a server: its name here, then the sign-in with everything shown first.
import { useState, type FormEvent } from 'react';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { TextField } from '../design/field.tsx';
import type { ServerView } from '../store/model.ts';
import { go } from '../store/route.ts';
import { newNameProblem } from './account-words.ts';

interface AddAccountDialogProps {
  readonly view: ServerView;
  readonly taken: readonly string[];
  readonly open: boolean;
  readonly onClose: () => void;
}

export function AddAccountDialog({ view, taken, open, onClose }: AddAccountDialogProps) {
  const [typed, setTyped] = useState('');
  const name = typed.normalize('NFC').trim();
  const problem = newNameProblem(typed, taken);
  const close = () => {
    setTyped('');
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name === '' || problem !== null) return;
    close();
    go({ at: 'add', name: view.server, account: name });
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Add an account"
      about="You sign in with it next. At the provider, choose the other account there: many remember the last one."
      actions={
        <>
          <Button look="quiet" onClick={close}>
            Cancel
          </Button>
          <Button look="main" type="submit" form="add-account" disabled={name === '' || problem !== null}>
            Continue
          </Button>
        </>
      }
    >
      <form id="add-account" onSubmit={submit} noValidate>
        <TextField
          label="Name of the account here"
          value={typed}
          onChange={setTyped}
          placeholder="work"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          firstFocus
          error={problem}
          help="For you to tell them apart. Who it is at the provider is shown beside it, where the provider says so."
        />
      </form>
    </Dialog>
  );
}
