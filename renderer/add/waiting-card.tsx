// While the person is at the provider: open the page again, cancel, or finish by hand where the answer cannot come back.
import { useState, type FormEvent } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { CopyButton } from '../design/copy-button.tsx';
import { Disclosure } from '../design/disclosure.tsx';
import { TextField } from '../design/field.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { hostOf, plainText } from '../words/names.ts';
import type { Started } from './under-way.ts';
import styles from './waiting-card.module.css';

export function WaitingCard({ started, onCancel }: { readonly started: Started; readonly onCancel: () => void }) {
  const { url } = started;
  if (url === null) {
    return (
      <Card>
        <Progress label="Asking the provider for a token" onCancel={onCancel} />
      </Card>
    );
  }
  return (
    <Card>
      <div className={styles.body}>
        <Progress
          label="Waiting for you in the browser"
          detail={`The page of ${plainText(hostOf(url))} has opened. This goes on by itself when you are done there.`}
          onCancel={onCancel}
          cancelLabel="Cancel the sign-in"
        />
        <div className={styles.actions}>
          <LinkButton icon="open" href={url} target="_blank" rel="noopener noreferrer">
            Open again
          </LinkButton>
          <CopyButton look="quiet" text={url} label="Copy the address" />
        </div>
        {started.redirectUri !== null && <ByHand id={started.id} redirectUri={started.redirectUri} />}
      </div>
    </Card>
  );
}

function ByHand({ id, redirectUri }: { readonly id: string; readonly redirectUri: string }) {
  const client = useClient();
  const [callback, setCallback] = useState('');
  const complete = useCall((signal, pasted: string) => client.signIn.complete({ id, callback: pasted }, { signal }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (callback.trim() !== '') void complete.run(callback.trim());
  };
  return (
    <Disclosure label="The browser ended on a page that does not load?" plain>
      <p className={styles.words}>
        That happens when the browser runs on another machine. Copy the address from its address bar, all of it, and
        paste it here.
      </p>
      <form className={styles.paste} onSubmit={submit}>
        <TextField
          label="Address of that page"
          hideLabel
          mono
          placeholder={`${redirectUri}?code=…`}
          autoComplete="off"
          spellCheck={false}
          value={callback}
          onChange={setCallback}
        />
        <Button type="submit" busy={complete.state.kind === 'working'} disabled={callback.trim() === ''}>
          Finish
        </Button>
      </form>
      {complete.state.kind === 'failed' && <ProblemNote problem={complete.state.problem} />}
    </Disclosure>
  );
}
