// Panic: says what will happen, asks whether the providers are to be told, and does it on one press.
import { useState } from 'react';
import { Checkbox } from '../design/checkbox.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import { mayHoldGrant } from '../server/grant-words.ts';
import { keepReceipt } from './panic-store.ts';
import styles from './panic.module.css';

interface PanicDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

export function PanicDialog({ open, onClose }: PanicDialogProps) {
  const client = useClient();
  const known = useKnown();
  const [revoke, setRevoke] = useState(false);
  const grants = [...(known?.accounts.values() ?? [])]
    .flatMap((accounts) => [...accounts.values()])
    .filter(({ state }) => mayHoldGrant(state)).length;
  // Not bound to this window: half a panic is none, and this screen is gone before the answer comes.
  const call = useCall((_signal) => client.lock.panic({ revoke }).then(kept));
  const close = () => {
    call.reset();
    setRevoke(false);
    onClose();
  };
  return (
    <ConfirmDialog
      open={open}
      onClose={close}
      title="Stop everything now?"
      action="Stop everything"
      keep="Cancel"
      call={call}
      onDone={close}
    >
      <ul className={styles.steps}>
        <li>Every open stream of every agent ends.</li>
        <li>
          What you allowed for one call or a session ends. What you allowed for longer counts again once you unlock.
        </li>
        <li>Tokentray locks: the vault’s contents leave memory, and the bridge answers “locked”.</li>
      </ul>
      <Checkbox
        label={
          grants === 1
            ? 'Also revoke the one grant at its provider'
            : `Also revoke all ${grants} grants at their providers`
        }
        help="Done first, and it cannot be undone: you sign in to each again. You will see what each provider answered."
        checked={revoke}
        onChange={setRevoke}
        disabled={grants === 0}
      />
    </ConfirmDialog>
  );
}

function kept<T extends Parameters<typeof keepReceipt>[0]>(done: T): T {
  keepReceipt(done);
  return done;
}
