// Whether this agent is asked about at all: for programs of the person's own, which they set up with a key.
import { Card } from '../design/card.tsx';
import { Switch } from '../design/checkbox.tsx';
import { ProblemNote } from '../design/note.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';
import styles from './agent-screen.module.css';

export function TrustCard({ agent }: { readonly agent: Agent }) {
  const client = useClient();
  const call = useCall((signal, trusted: boolean) => client.agents.trust({ id: agent.id, trusted }, { signal }));
  return (
    <Card title="Trust">
      <div className={styles.parts}>
        <Switch
          label="Do not ask me about this agent"
          help="Whoever holds its key may use every server, with every tool that the server’s own rules let through. Turned off, what it got that way ends."
          checked={agent.trusted}
          disabled={call.state.kind === 'working'}
          onChange={(trusted) => void call.run(trusted)}
        />
        {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
      </div>
    </Card>
  );
}
