// Binds an agent, or whatever works in a folder, to one account of a server.
import { useState } from 'react';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { SelectField, TextField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Segments } from '../design/segments.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import { accountName } from './account-words.ts';

interface PinDialogProps {
  readonly server: string;
  readonly accounts: readonly ServerView[];
  readonly open: boolean;
  readonly onClose: () => void;
}

const kinds = [
  { value: 'agent', label: 'An agent' },
  { value: 'folder', label: 'A folder' },
] as const;

export function PinDialog({ server, accounts, open, onClose }: PinDialogProps) {
  const client = useClient();
  const agents = useKnown()?.agents.filter(({ revokedAt }) => revokedAt === null) ?? [];
  const [kind, setKind] = useState<'agent' | 'folder'>('agent');
  const [agentId, setAgentId] = useState('');
  const [folder, setFolder] = useState('');
  const [account, setAccount] = useState('');
  const call = useCall((signal, to: { agentId: string } | { folder: string }) =>
    client.accounts.pin({ server, account, ...to }, { signal }),
  );
  const working = call.state.kind === 'working';
  const to = kind === 'agent' ? agentId : folder.trim();
  const ready = to !== '' && account !== '';
  const close = () => {
    if (working) return;
    call.reset();
    setFolder('');
    onClose();
  };
  const save = async () => {
    if ((await call.run(kind === 'agent' ? { agentId } : { folder: folder.trim() })) !== null) close();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Pin to an account"
      about="What is pinned uses that account and no other; when the account is gone it is refused."
      actions={
        <>
          <Button look="quiet" onClick={close} disabled={working}>
            Cancel
          </Button>
          <Button look="main" busy={working} disabled={!ready} onClick={() => void save()}>
            Pin
          </Button>
        </>
      }
    >
      <Segments label="What is pinned" value={kind} onChange={setKind} options={kinds} />
      {kind === 'agent' ? (
        <SelectField
          label="Agent"
          value={agentId}
          onChange={setAgentId}
          options={[
            { value: '', label: agents.length === 0 ? 'None so far' : 'Choose one' },
            ...agents.map(({ id, name }) => ({ value: id, label: plainText(name, 100) })),
          ]}
        />
      ) : (
        <TextField
          label="Folder"
          value={folder}
          onChange={setFolder}
          mono
          autoComplete="off"
          spellCheck={false}
          maxLength={4_096}
          help="The whole path. It goes for agents on stdio that work in it or below; the nearest pinned folder counts."
        />
      )}
      <SelectField
        label="Account"
        value={account}
        onChange={setAccount}
        options={[
          { value: '', label: 'Choose one' },
          ...accounts.map((view) => ({ value: view.account, label: accountName(view) })),
        ]}
      />
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Dialog>
  );
}
