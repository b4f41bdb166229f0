// Everything that Tokentray is built on, with the words of each licence; asked for when it is opened.
import { useEffect } from 'react';
import type { Licence } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Progress } from '../design/progress.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import styles from './licences-dialog.module.css';

export function LicencesDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      wide
      title="Licences"
      about="Tokentray is under the MIT licence. It is built on the work of others:"
      actions={<Button onClick={onClose}>Close</Button>}
    >
      {open && <Licences />}
    </Dialog>
  );
}

function Licences() {
  const client = useClient();
  const { state, run } = useCall((signal) => client.licences({}, { signal }));
  useEffect(() => void run(), [run]);
  if (state.kind === 'failed') {
    return <ProblemNote problem={state.problem} actions={<Button onClick={() => void run()}>Try again</Button>} />;
  }
  if (state.kind !== 'done') return <Progress label="Reading the licences" />;
  return (
    <ul className={styles.list}>
      {state.value.map((licence) => (
        <li key={`${licence.name}@${licence.version}`}>
          <One licence={licence} />
        </li>
      ))}
    </ul>
  );
}

function One({ licence: { name, version, licence, words } }: { readonly licence: Licence }) {
  const head = (
    <>
      <span className={styles.name}>
        {breakable(name)} <span className={styles.version}>{version}</span>
      </span>
      <span className={styles.kind}>{licence}</span>
    </>
  );
  if (words === null) return <p className={styles.head}>{head}</p>;
  return (
    <details>
      <summary className={styles.head}>{head}</summary>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={styles.words} tabIndex={0} role="region" aria-label={`The licence of ${name}`}>
        {words}
      </pre>
    </details>
  );
}

/** A long name is parted after its scope, not in the middle of a word. */
function breakable(name: string) {
  const slash = name.indexOf('/') + 1;
  return (
    <>
      {name.slice(0, slash)}
      <wbr />
      {name.slice(slash)}
    </>
  );
}
