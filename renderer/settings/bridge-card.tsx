// Where agents that speak HTTP find the bridge, and the port that the person wants for it.
import { useState, type FormEvent } from 'react';
import { Button } from '../design/button.tsx';
import { Card, Fact, Facts } from '../design/card.tsx';
import { CopyField } from '../design/copy-field.tsx';
import { TextField } from '../design/field.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { toast } from '../design/toast.tsx';
import { useKnown, useStatus } from '../store/context.tsx';
import { readPort } from './port.ts';
import styles from './rows.module.css';
import { useSettingsChange } from './use-change.ts';

export function BridgeCard() {
  const port = useKnown()?.settings.bridgePort;
  const bridge = useStatus()?.bridge ?? null;
  if (port === undefined) return null;
  return (
    <Card
      title="Bridge"
      about="Agents that speak HTTP come in here, with their agent key. It listens on this machine only."
    >
      <div className={styles.parts}>
        <Facts>
          <Fact name="Address now">
            {bridge === null ? 'It is not up.' : <CopyField label="The bridge’s address" text={bridge.url} />}
          </Fact>
        </Facts>
        {port.fixedBy === null ? (
          <PortForm key={String(port.chosen)} chosen={port.chosen} usual={port.usual} />
        ) : (
          <p className={styles.soft}>
            The port is decided by <code>{port.fixedBy}</code>, with which this broker was started.
          </p>
        )}
        {port.afterRestart && (
          <Note tone="info">
            The bridge moves to port {port.chosen ?? port.usual} when Tokentray starts the next time. Agents’ mcp.json
            must name the new port then.
          </Note>
        )}
      </div>
    </Card>
  );
}

function PortForm({ chosen, usual }: { readonly chosen: number | null; readonly usual: number }) {
  const [typed, setTyped] = useState(chosen === null ? '' : String(chosen));
  const [tried, setTried] = useState(false);
  const change = useSettingsChange();
  const read = readPort(typed, usual);
  const unchanged = read.kind === 'port' && read.port === chosen;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (read.kind === 'wrong' || unchanged) return;
    if ((await change.run({ bridgePort: read.port })) !== null) toast('Port noted');
  };
  return (
    <form className={styles.parts} onSubmit={(event) => void submit(event)} noValidate>
      <div className={styles.inline}>
        <TextField
          label="Port"
          value={typed}
          onChange={setTyped}
          placeholder={String(usual)}
          inputMode="numeric"
          autoComplete="off"
          error={tried && read.kind === 'wrong' ? read.because : null}
          help={`Empty: the usual one, ${usual}. It counts from the next start on.`}
        />
        <div className={styles.besideField}>
          <Button type="submit" disabled={unchanged} busy={change.state.kind === 'working'}>
            Save
          </Button>
        </div>
      </div>
      {change.state.kind === 'failed' && <ProblemNote problem={change.state.problem} />}
    </form>
  );
}
