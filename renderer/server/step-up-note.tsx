// A call was refused for want of scopes: which ones and since when. Everything else goes on as it did.
import { Scope } from '../design/badge.tsx';
import { Note } from '../design/note.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import type { WaitingStepUp } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import styles from './step-up-note.module.css';

export function StepUpNote({ stepUp }: { readonly stepUp: WaitingStepUp }) {
  return (
    <Note tone="warn" title="The server wants more than was granted">
      <div className={styles.scopes}>
        {stepUp.scopes.map((scope) => (
          <Scope key={scope}>{plainText(scope)}</Scope>
        ))}
      </div>
      An agent’s call was refused for want of {stepUp.scopes.length === 1 ? 'it' : 'them'} (
      <RelativeTime at={stepUp.since} />
      ). What is granted already goes on working; only you can allow more.
    </Note>
  );
}
