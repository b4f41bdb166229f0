// The agents that have a key for the HTTP bridge. A key is made in the terminal and shown there once; no window ever holds one.
import { useState } from 'react';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ConfirmDialog } from '../design/confirm-dialog.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { toast } from '../design/toast.tsx';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import { AgentKeyDialog, type KeyWish } from './agent-key-dialog.tsx';
import styles from './rows.module.css';

export function AgentsCard() {
  const agents = useKnown()?.agents ?? [];
  const [wish, setWish] = useState<KeyWish | null>(null);
  const [revoking, setRevoking] = useState<Agent | null>(null);
  return (
    <>
      <Card
        title="Agents"
        {...(agents.length > 0 && { about: 'Each has a key for the HTTP bridge. Agents over stdio need none.' })}
        actions={
          <Button icon="key" onClick={() => setWish({ kind: 'add' })}>
            Add an agent
          </Button>
        }
        flush={agents.length > 0}
      >
        {agents.length === 0 ? (
          <p className={styles.soft}>
            An agent that speaks HTTP proves itself with a key. Agents over stdio need none.
          </p>
        ) : (
          <ul className={styles.list}>
            {agents.map((agent) => (
              <li key={`${agent.name}-${agent.createdAt}`} className={styles.row}>
                <div className={styles.words}>
                  <div className={styles.name}>
                    <OutsideText>{agent.name}</OutsideText>
                    {agent.revokedAt !== null && <Badge tone="danger">revoked</Badge>}
                  </div>
                  <p className={styles.small}>
                    {agent.revokedAt === null ? (
                      <>
                        Last used <RelativeTime at={agent.lastUsedAt} />, key from <RelativeTime at={agent.createdAt} />
                      </>
                    ) : (
                      <>
                        Its key has been refused since <RelativeTime at={agent.revokedAt} />
                      </>
                    )}
                  </p>
                </div>
                {agent.revokedAt === null && (
                  <div className={styles.buttons}>
                    <Button
                      size="small"
                      aria-label={`Rotate the key of ${plainText(agent.name)}`}
                      onClick={() => setWish({ kind: 'rotate', name: agent.name })}
                    >
                      Rotate
                    </Button>
                    <Button
                      look="danger"
                      size="small"
                      aria-label={`Revoke ${plainText(agent.name)}`}
                      onClick={() => setRevoking(agent)}
                    >
                      Revoke
                    </Button>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </Card>
      <AgentKeyDialog wish={wish} onClose={() => setWish(null)} />
      <RevokeAgent agent={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}

function RevokeAgent({ agent, onClose }: { readonly agent: Agent | null; readonly onClose: () => void }) {
  const client = useClient();
  const call = useCall((signal) => client.agents.revoke({ name: agent?.name ?? '' }, { signal }));
  const name = plainText(agent?.name ?? '', 200);
  return (
    <ConfirmDialog
      open={agent !== null}
      onClose={() => {
        call.reset();
        onClose();
      }}
      title={
        <>
          Revoke <bdi>{name}</bdi>?
        </>
      }
      action="Revoke"
      call={call}
      onDone={() => {
        toast('The key is revoked', name);
        onClose();
      }}
    >
      <p>
        Its key is refused from this moment on and cannot be brought back. The grants it used stay, and other agents are
        not touched.
      </p>
    </ConfirmDialog>
  );
}
