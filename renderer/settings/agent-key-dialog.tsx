// How an agent gets a key, or a new one: the command to run. The key itself is printed there, once, and passes no window.
import { useState } from 'react';
import { Button } from '../design/button.tsx';
import { CopyField } from '../design/copy-field.tsx';
import { Dialog } from '../design/dialog.tsx';
import { useShown } from '../design/dialog-shown.ts';
import { TextField } from '../design/field.tsx';
import { useModel } from '../store/context.tsx';
import { isAgentName, shellWord } from './shell-word.ts';
import styles from './rows.module.css';

export type KeyWish = { readonly kind: 'add' } | { readonly kind: 'rotate'; readonly name: string };

export function AgentKeyDialog({ wish, onClose }: { readonly wish: KeyWish | null; readonly onClose: () => void }) {
  const shown = useShown(wish);
  return (
    <Dialog
      open={wish !== null}
      onClose={onClose}
      title={shown?.kind === 'rotate' ? 'A new key' : 'Add an agent'}
      about={
        shown?.kind === 'rotate'
          ? 'The old key is refused at once, so have the agent’s configuration at hand.'
          : 'Run this in a terminal. It prints the key once; only its hash is kept, and no window ever sees it.'
      }
      actions={<Button onClick={onClose}>Close</Button>}
    >
      {shown?.kind === 'rotate' && <Command what="rotate" name={shown.name} />}
      {shown?.kind === 'add' && <NewAgent />}
      <p className={styles.small}>
        The agent sends the key as <code>Authorization: Bearer</code> with every request to the bridge. Each server’s
        page has the mcp.json for it.
      </p>
    </Dialog>
  );
}

function NewAgent() {
  const [typed, setTyped] = useState('');
  const name = typed.trim();
  const taken = useModel((model) => model.known?.agents.some((agent) => agent.name === name) ?? false);
  return (
    <>
      <TextField
        label="Name"
        value={typed}
        onChange={setTyped}
        placeholder="cursor"
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        firstFocus
        error={nameError(name, taken)}
      />
      <Command what="add" name={name === '' ? null : name} />
    </>
  );
}

function nameError(name: string, taken: boolean): string | null {
  if (name === '') return null;
  if (!isAgentName(name)) {
    return 'Letters, digits, spaces and . _ @ + - only, beginning with a letter or digit, at most 64.';
  }
  return taken ? 'There is an agent of this name already; rotate its key instead.' : null;
}

/** @param name null: not typed so far */
function Command({ what, name }: { readonly what: 'add' | 'rotate'; readonly name: string | null }) {
  const word = name === null ? '<name>' : shellWord(name);
  return word === null ? null : <CopyField label="The command" text={`tokentray agent ${what} ${word}`} />;
}
