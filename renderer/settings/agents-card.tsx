// How many agents there are, the way to them, and the way to a key for one that speaks HTTP.
import { useState } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { useKnown } from '../store/context.tsx';
import { href } from '../store/route.ts';
import { AgentKeyDialog, type KeyWish } from './agent-key-dialog.tsx';
import { agentsSummary } from './access-words.ts';

export function AgentsCard() {
  const agents = useKnown()?.agents ?? [];
  const [wish, setWish] = useState<KeyWish | null>(null);
  return (
    <>
      <Card
        title="Agents"
        about={agentsSummary(agents)}
        actions={
          <>
            <Button icon="key" size="small" onClick={() => setWish({ kind: 'add' })}>
              Add an agent
            </Button>
            <LinkButton size="small" href={href({ at: 'agents' })}>
              All agents
            </LinkButton>
          </>
        }
      />
      <AgentKeyDialog wish={wish} onClose={() => setWish(null)} />
    </>
  );
}
