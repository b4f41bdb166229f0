// Gives an agent the name that the person wants to read.
import { useState, type FormEvent } from 'react';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { TextField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { isAgentName } from '../settings/shell-word.ts';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';

interface RenameDialogProps {
  readonly agent: Agent;
  readonly open: boolean;
  readonly onClose: () => void;
}

export function RenameDialog({ agent, open, onClose }: RenameDialogProps) {
  const client = useClient();
  const [typed, setTyped] = useState(agent.name);
  const call = useCall((signal, name: string) => client.agents.rename({ id: agent.id, name }, { signal }));
  const name = typed.trim();
  const working = call.state.kind === 'working';
  const close = () => {
    if (working) return;
    call.reset();
    setTyped(agent.name);
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isAgentName(name) || working) return;
    if (name === agent.name || (await call.run(name)) !== null) onClose();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Rename the agent"
      actions={
        <>
          <Button look="quiet" onClick={close} disabled={working}>
            Cancel
          </Button>
          <Button look="main" type="submit" form="rename" busy={working} disabled={!isAgentName(name)}>
            Rename
          </Button>
        </>
      }
    >
      <form id="rename" onSubmit={(event) => void submit(event)} noValidate>
        <TextField
          label="Name"
          value={typed}
          onChange={setTyped}
          autoComplete="off"
          spellCheck={false}
          maxLength={100}
          firstFocus
          error={
            name === '' || isAgentName(name)
              ? null
              : 'Letters, digits, spaces and . _ @ + - only, beginning with a letter or digit, at most 64.'
          }
          help="What it calls itself stays beside it."
        />
      </form>
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Dialog>
  );
}
