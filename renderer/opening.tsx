// What is shown before anything is known: that the broker is being reached, or why it cannot be.
import { useEffect, useState } from 'react';
import { Button } from './design/button.tsx';
import { Marked } from './design/marked.tsx';
import { Note } from './design/note.tsx';
import { Progress } from './design/progress.tsx';
import { useModel, useStore } from './store/context.tsx';
import styles from './opening.module.css';

/** A window that opens at once should not flash a word about opening. */
const quietMs = 300;

export function Opening() {
  const store = useStore();
  const link = useModel((model) => model.link);
  const [quiet, setQuiet] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(false), quietMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className={styles.opening}>
      <h1 className="only-read">Tokentray</h1>
      <div className={styles.box}>
        {link.kind === 'connecting' || link.kind === 'live' ? (
          !quiet && <Progress label="Reaching the broker" />
        ) : (
          <Note
            tone="warn"
            title={link.problem.message}
            actions={link.kind === 'lost' && <Button onClick={() => store.reconnect()}>Try again now</Button>}
          >
            {link.problem.advice !== null && <Marked>{link.problem.advice}</Marked>}
          </Note>
        )}
      </div>
    </main>
  );
}
