// Over everything while Tokentray is locked: why, since when, and the one way out.
import { useEffect, useRef, type FormEvent } from 'react';
import type { LockState } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { classes } from '../design/classes.ts';
import { TextField } from '../design/field.tsx';
import { Icon } from '../design/icons.tsx';
import { ProblemNote } from '../design/note.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useModel } from '../store/context.tsx';
import styles from './lock-screen.module.css';
import { becauseWords, memoryWords, unlockWords } from './lock-words.ts';
import { PanicReceipt } from './panic-receipt.tsx';

export function LockScreen() {
  const lock = useModel((model) => model.known?.lock);
  const vault = useModel((model) => model.status?.vault.kind ?? null);
  const live = useModel((model) => model.link.kind === 'live');
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = 'Locked · Tokentray';
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  if (lock?.kind !== 'locked') return null;
  return (
    <main className={styles.screen}>
      <div className={styles.box}>
        <span className={styles.sign}>
          <Icon name="lock" />
        </span>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          Tokentray is locked
        </h1>
        <p className={styles.soft}>
          {becauseWords(lock.because)} <RelativeTime at={lock.since} />. No agent gets through.{' '}
          {memoryWords(vault, lock.because)}
        </p>
        {live ? <Unlock unlocksBy={lock.unlocksBy} /> : <p role="status">The broker does not answer. Trying again…</p>}
      </div>
      <PanicReceipt />
    </main>
  );
}

type UnlocksBy = Extract<LockState, { kind: 'locked' }>['unlocksBy'];

function Unlock({ unlocksBy }: { readonly unlocksBy: UnlocksBy }) {
  const client = useClient();
  const field = useRef<HTMLInputElement>(null);
  const { action, again, help, waiting } = unlockWords(unlocksBy);
  const call = useCall((signal, passphrase: string | null) =>
    client.lock.unlock(passphrase === null ? {} : { passphrase }, { signal }),
  );
  const working = call.state.kind === 'working';
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (working) return;
    const typed = unlocksBy === 'passphrase' ? (field.current?.value ?? '') : null;
    if (typed === '') {
      field.current?.focus();
      return;
    }
    const unlocked = await call.run(typed);
    // A wrong one is typed anew, not mended letter by letter in the dark.
    if (unlocked === null && field.current !== null) {
      field.current.value = '';
      field.current.focus();
    }
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      {unlocksBy === 'passphrase' ? (
        <TextField
          label="Passphrase"
          type="password"
          inputRef={field}
          autoComplete="current-password"
          help={help}
          disabled={working}
        />
      ) : (
        // What the person is waited for is told when it begins.
        <p className={classes(styles.soft, working && styles.waiting)} role="status">
          {working && waiting !== null ? waiting : help}
        </p>
      )}
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
      <Button type="submit" look="main" size="large" icon="lock" busy={working}>
        {call.state.kind === 'failed' ? again : action}
      </Button>
    </form>
  );
}
