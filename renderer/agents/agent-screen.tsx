// One agent: who it is, what it may use, and the ways to name, trust and end it.
import { useState } from 'react';
import { AgentIcon } from '../design/agent-icon.tsx';
import { Badge } from '../design/badge.tsx';
import { Button, LinkButton } from '../design/button.tsx';
import { Card, Fact, Facts } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Note } from '../design/note.tsx';
import { Page, Stack } from '../design/page.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { Row, Rows } from '../design/rows.tsx';
import { FloodNotes } from '../approvals/flood-notes.tsx';
import { AgentKeyDialog, type KeyWish } from '../settings/agent-key-dialog.tsx';
import { useKnown } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';
import { href } from '../store/route.ts';
import { trustOf } from '../words/evidence.ts';
import { plainText } from '../words/names.ts';
import { askingAbout, askingWords, kindWords } from './agent-words.ts';
import { ApprovalRows } from './approval-rows.tsx';
import { Evidence } from './evidence.tsx';
import { PinnedAccounts } from './pinned-accounts.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { RevokeAgentDialog } from './revoke-agent-dialog.tsx';
import styles from './agent-screen.module.css';
import { TrustCard } from './trust-card.tsx';
import { TrustLine } from './trust-line.tsx';

const back = { href: href({ at: 'agents' }), label: 'Agents' };

export function AgentScreen({ id }: { readonly id: string }) {
  const agent = useKnown()?.agents.find((one) => one.id === id);
  if (agent === undefined) {
    return (
      <Page title="Agent" back={back} narrow>
        <EmptyState
          icon="search"
          title="There is no such agent"
          actions={<LinkButton href={back.href}>All agents</LinkButton>}
        >
          It was dropped because it was never let in, or the link is an old one.
        </EmptyState>
      </Page>
    );
  }
  return <AgentPage agent={agent} />;
}

function AgentPage({ agent }: { readonly agent: Agent }) {
  const known = useKnown();
  const approvals = known?.approvals.filter(({ agentId }) => agentId === agent.id) ?? [];
  const asks = known?.prompts.find((prompt) => prompt.agent.id === agent.id);
  const about = askingWords(askingAbout(agent, known?.settings.approvals.now ?? 'ask'), approvals.length);
  const revoked = agent.revokedAt !== null;
  return (
    <Page
      title={plainText(agent.name, 100)}
      back={back}
      sign={<AgentIcon name={agent.name} size="large" />}
      about={
        <span className={styles.about}>
          {kindWords(agent.kind)}
          {revoked && <Badge tone="danger">revoked</Badge>}
          {agent.unused && !revoked && <Badge tone="waiting">not used for 30 days</Badge>}
        </span>
      }
      narrow
    >
      <Stack>
        {asks !== undefined && (
          <Note
            tone="warn"
            title="It waits for your answer"
            actions={
              <LinkButton look="main" href={href({ at: 'approvals', prompt: asks.id })}>
                Answer
              </LinkButton>
            }
          />
        )}
        <FloodNotes />
        {!revoked && (
          <Card title="What it may use" {...(about !== null && { about })} flush>
            {approvals.length === 0 ? undefined : <ApprovalRows approvals={approvals} by="server" />}
          </Card>
        )}
        <Card title="Who it is">
          <div className={styles.parts}>
            {revoked ? (
              <p>
                It was shut out <RelativeTime at={agent.revokedAt} />. Nothing of it is let in any more.
              </p>
            ) : (
              <TrustLine trust={trustOf(agent)} />
            )}
            <Evidence agent={agent} />
            <Facts>
              <Fact name="First seen">
                <RelativeTime at={agent.createdAt} />
              </Fact>
              <Fact name="Last used">
                <RelativeTime at={agent.lastUsedAt} />
              </Fact>
            </Facts>
          </div>
        </Card>
        {!revoked && (
          <>
            {agent.kind === 'key' && <TrustCard agent={agent} />}
            <PinnedAccounts agent={agent} />
            <EndCard agent={agent} approvals={approvals.length} />
          </>
        )}
      </Stack>
    </Page>
  );
}

function EndCard({ agent, approvals }: { readonly agent: Agent; readonly approvals: number }) {
  const [renaming, setRenaming] = useState(false);
  const [revoking, setRevoking] = useState(false);
  const [wish, setWish] = useState<KeyWish | null>(null);
  return (
    <Card title="Name and end" flush>
      <Rows>
        <Row
          wordy
          title={<h3>Rename</h3>}
          about="The name is yours: it is what you read in questions and in the record."
          actions={
            <Button size="small" onClick={() => setRenaming(true)}>
              Rename…
            </Button>
          }
        />
        {agent.kind === 'key' && (
          <Row
            wordy
            title={<h3>Rotate the key</h3>}
            about="A new key for the same agent; what you allowed stays."
            actions={
              <Button size="small" onClick={() => setWish({ kind: 'rotate', name: agent.name })}>
                Rotate…
              </Button>
            }
          />
        )}
        <Row
          wordy
          title={<h3>Revoke</h3>}
          about="Shuts it out for good, with everything that you allowed it."
          actions={
            <Button look="danger" size="small" onClick={() => setRevoking(true)}>
              Revoke…
            </Button>
          }
        />
      </Rows>
      <RenameDialog agent={agent} open={renaming} onClose={() => setRenaming(false)} />
      <AgentKeyDialog wish={wish} onClose={() => setWish(null)} />
      <RevokeAgentDialog agent={revoking ? agent : null} approvals={approvals} onClose={() => setRevoking(false)} />
    </Card>
  );
}
