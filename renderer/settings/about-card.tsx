// Which Tokentray this is, since when it runs, and whose work it is built on.
import { useState } from 'react';
import { Button } from '../design/button.tsx';
import { Card, Fact, Facts } from '../design/card.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { useStatus } from '../store/context.tsx';
import { LicencesDialog } from './licences-dialog.tsx';

export function AboutCard() {
  const status = useStatus();
  const [open, setOpen] = useState(false);
  return (
    <Card
      title="About"
      about="Free software under the MIT licence, built on the work of others."
      actions={<Button onClick={() => setOpen(true)}>Licences</Button>}
    >
      <Facts>
        <Fact name="Version">{status === null ? '…' : `Tokentray ${status.version}`}</Fact>
        <Fact name="Running since">
          {status === null ? (
            '…'
          ) : (
            <>
              <RelativeTime at={status.startedAt} />, process {status.pid}
            </>
          )}
        </Fact>
      </Facts>
      <LicencesDialog open={open} onClose={() => setOpen(false)} />
    </Card>
  );
}
