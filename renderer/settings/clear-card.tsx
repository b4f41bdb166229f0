// Clear everything: says what it does, wants the words typed, and gives a receipt that tells what the providers answered.
import { useState } from 'react';
import type { ContractOutputs } from '../../preload/contract.ts';
import type { Client } from '../client.ts';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import { askedWords } from './clear-words.ts';
import { ClearedDialog } from './cleared-dialog.tsx';
import styles from './rows.module.css';

type Cleared = ContractOutputs['clearEverything'];
/** Spelled out: the schemas themselves stay out of the window's bundle. The compiler holds it to the contract's words. */
const confirmation: Parameters<Client['clearEverything']>[0]['confirm'] = 'clear everything';

export function ClearCard() {
  const client = useClient();
  const known = useKnown();
  const [asking, setAsking] = useState(false);
  const [receipt, setReceipt] = useState<Cleared | null>(null);
  // Not bound to this window: half of it undone would be worse than an answer that nobody sees.
  const call = useCall((_signal) => client.clearEverything({ confirm: confirmation }));
  return (
    <>
      <Card
        title="Clear everything"
        about="Ends every grant at its provider, and leaves Tokentray as it was on the first day."
        actions={
          <Button look="danger" onClick={() => setAsking(true)}>
            Clear everything…
          </Button>
        }
      />
      <ConfirmDialog
        open={asking}
        onClose={() => {
          call.reset();
          setAsking(false);
        }}
        title="Clear everything?"
        action="Clear everything"
        typed={confirmation}
        call={{
          state: call.state,
          run: async () => {
            const cleared = await call.run();
            setReceipt(cleared);
            return cleared;
          },
        }}
        onDone={() => {
          call.reset();
          setAsking(false);
        }}
      >
        <p>This is what happens, in this order:</p>
        <ul className={styles.steps}>
          <li>{askedWords([...(known?.accounts.values() ?? [])].flatMap((ofServer) => [...ofServer.values()]))}</li>
          <li>Every server, grant, registration and secret is forgotten here, whatever the providers answer.</li>
          <li>Every agent’s key is dropped: agents are refused until they have a new one.</li>
          <li>The settings and the record of activity are removed. Export it first if you need it. The audit stays.</li>
        </ul>
        <p>It cannot be undone. You will see what each provider answered.</p>
      </ConfirmDialog>
      <ClearedDialog cleared={receipt} onClose={() => setReceipt(null)} />
    </>
  );
}
