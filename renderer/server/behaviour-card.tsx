// How this server behaves when an agent needs a sign-in.
import { Card } from '../design/card.tsx';
import { Switch } from '../design/checkbox.tsx';
import { ProblemNote } from '../design/note.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import styles from './parts.module.css';

export function BehaviourCard({ view }: { readonly view: ServerView }) {
  const client = useClient();
  const change = useCall((signal, on: boolean) =>
    client.servers.updateSettings({ server: view.server, settings: { signIn: on ? 'auto' : 'ask' } }, { signal }),
  );
  return (
    <Card title="When an agent needs a sign-in">
      <div className={styles.parts}>
        <Switch
          label="Open the browser by itself"
          help="Off: the agent is told to ask you, and nothing opens."
          checked={view.settings.signIn === 'auto'}
          disabled={change.state.kind === 'working'}
          onChange={(on) => void change.run(on)}
        />
        {change.state.kind === 'failed' && <ProblemNote problem={change.state.problem} />}
        {view.settings.allowHttp && (
          <p className={styles.small}>Plain http is allowed for this server, because you said so when you added it.</p>
        )}
      </div>
    </Card>
  );
}
