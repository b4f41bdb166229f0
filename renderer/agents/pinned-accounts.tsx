// Which account of a server this agent is bound to, where the person bound it to one; it is never switched silently.
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';
import { plainText } from '../words/names.ts';

export function PinnedAccounts({ agent }: { readonly agent: Agent }) {
  const client = useClient();
  const pins = useKnown()?.accountPins.filter(({ agentId }) => agentId === agent.id) ?? [];
  const call = useCall((signal, server: string) => client.accounts.unpin({ server, agentId: agent.id }, { signal }));
  if (pins.length === 0) return null;
  return (
    <Card title="Accounts that it is pinned to" about="Elsewhere it uses each server’s default account." flush>
      <Rows>
        {pins.map(({ server, account }) => (
          <Row
            key={server}
            title={<bdi>{server}</bdi>}
            about={<bdi>{plainText(account, 100)}</bdi>}
            actions={
              <Button
                size="small"
                aria-label={`Unpin from ${server}`}
                busy={call.state.kind === 'working'}
                onClick={() => void call.run(server)}
              >
                Unpin
              </Button>
            }
          />
        ))}
      </Rows>
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Card>
  );
}
