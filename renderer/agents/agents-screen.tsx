// Every agent that may ask: what it is, whether its name can be relied on, what it may use and when it last did.
import { useMemo, useRef, useState } from 'react';
import { AgentIcon } from '../design/agent-icon.tsx';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { Page, Stack } from '../design/page.tsx';
import { RelativeTime } from '../design/relative-time.tsx';
import { SearchField } from '../design/search-field.tsx';
import { shortcuts, useShortcut } from '../design/shortcuts.tsx';
import { useNarrow } from '../design/use-media.ts';
import { VirtualList } from '../design/virtual-list.tsx';
import { FloodNotes } from '../approvals/flood-notes.tsx';
import { AgentKeyDialog, type KeyWish } from '../settings/agent-key-dialog.tsx';
import { useModel } from '../store/context.tsx';
import type { Agent } from '../store/model.ts';
import { href } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import { approvalsSummary, isDoubtful, kindWords, listedAgents } from './agent-words.ts';
import styles from './agents-screen.module.css';

const none: readonly Agent[] = [];
const searchFrom = 8;
const keyOf = (agent: Agent) => agent.id;

export function AgentsScreen() {
  const agents = useModel((model) => model.known?.agents ?? none);
  const [wish, setWish] = useState<KeyWish | null>(null);
  const [search, setSearch] = useState('');
  const searchInput = useRef<HTMLInputElement>(null);
  useShortcut(shortcuts.search, () => searchInput.current?.focus());
  const rows = useMemo(() => listedAgents(agents, search), [agents, search]);
  const height = useNarrow() ? 88 : 68;
  return (
    <Page
      title="Agents"
      about="Programs that may ask for your grants, and what you allowed them."
      actions={
        <Button icon="key" onClick={() => setWish({ kind: 'add' })}>
          Add an agent
        </Button>
      }
    >
      <Stack>
        <FloodNotes />
        {agents.length >= searchFrom && (
          <SearchField
            label="Search agents"
            value={search}
            onChange={setSearch}
            inputRef={searchInput}
            shortcut={shortcuts.search.key}
          />
        )}
        {agents.length === 0 ? (
          <EmptyState icon="agents" title="No agent has asked yet">
            Agents on stdio appear here by themselves when they first ask. One that speaks HTTP signs in to the bridge
            by itself, or gets a key.
          </EmptyState>
        ) : rows.length === 0 ? (
          <EmptyState
            icon="search"
            title="No agent is called like that"
            actions={<Button onClick={() => setSearch('')}>Clear the search</Button>}
          />
        ) : (
          <div className={styles.list}>
            <VirtualList label="Agents" items={rows} keyOf={keyOf} rowHeight={height}>
              {(agent, { tabIndex }) => <AgentRow agent={agent} tabIndex={tabIndex} />}
            </VirtualList>
          </div>
        )}
      </Stack>
      <AgentKeyDialog wish={wish} onClose={() => setWish(null)} />
    </Page>
  );
}

function AgentRow({ agent, tabIndex }: { readonly agent: Agent; readonly tabIndex: 0 | -1 }) {
  const approvals = useModel((model) => model.known?.approvals);
  const mode = useModel((model) => model.known?.settings.approvals.now);
  const asks = useModel((model) => model.known?.prompts.some((prompt) => prompt.agent.id === agent.id) ?? false);
  return (
    <div className={styles.row}>
      <AgentIcon name={agent.name} />
      <div className={styles.who}>
        <div className={styles.name}>
          <a
            className={styles.link}
            href={href({ at: 'agent', id: agent.id })}
            tabIndex={tabIndex}
            data-row-focus
            title={plainText(agent.name)}
          >
            <OutsideText>{agent.name}</OutsideText>
          </a>
          {asks && <Badge tone="needs-you">asks</Badge>}
          {agent.revokedAt !== null && <Badge tone="danger">revoked</Badge>}
          {agent.revokedAt === null && isDoubtful(agent) && <Badge tone="needs-you">name in doubt</Badge>}
          {agent.trusted && agent.revokedAt === null && <Badge tone="fine">trusted</Badge>}
          {agent.unused && agent.revokedAt === null && <Badge tone="waiting">not used for 30 days</Badge>}
        </div>
        <p className={styles.kind}>{kindWords(agent.kind)}</p>
      </div>
      <p className={styles.may}>
        {agent.revokedAt === null ? approvalsSummary(approvals ?? [], agent, mode) : 'shut out'}
      </p>
      <p className={styles.used}>
        {agent.lastUsedAt === null ? (
          'never used'
        ) : (
          <>
            used <RelativeTime at={agent.lastUsedAt} />
          </>
        )}
      </p>
    </div>
  );
}
