// Lock now, or stop everything; and when it locks by itself.
import { useState } from 'react';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { LockSettings } from './lock-settings.tsx';
import { PanicDialog } from './panic-dialog.tsx';

export function LockCard() {
  const client = useClient();
  const [panicking, setPanicking] = useState(false);
  const lock = useCall((_signal) => client.lock.lock({}));
  return (
    <>
      <Card title="Lock" flush>
        <Rows>
          <Row
            wordy
            title={<h3>Lock now</h3>}
            about="The vault’s contents leave memory and the bridge answers “locked” until you unlock. Grants and approvals stay."
            actions={
              <Button icon="lock" size="small" busy={lock.state.kind === 'working'} onClick={() => void lock.run()}>
                Lock
              </Button>
            }
          />
          <Row
            wordy
            title={<h3>Panic</h3>}
            about="Locks, ends every stream and what you allowed for a session, and revokes every grant if you want that."
            actions={
              <Button look="danger" size="small" onClick={() => setPanicking(true)}>
                Panic…
              </Button>
            }
          />
        </Rows>
        <LockSettings />
        {lock.state.kind === 'failed' && <ProblemNote problem={lock.state.problem} />}
      </Card>
      <PanicDialog open={panicking} onClose={() => setPanicking(false)} />
    </>
  );
}
