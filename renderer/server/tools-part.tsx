// The tools of a server as they were seen: those that changed since they were accepted first, each with its difference, to be accepted by the person.
import { useMemo, useState } from 'react';
import type { PinnedTool } from '../../preload/contract.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Note, ProblemNote } from '../design/note.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { Progress } from '../design/progress.tsx';
import { SearchField } from '../design/search-field.tsx';
import { Segments } from '../design/segments.tsx';
import { toast } from '../design/toast.tsx';
import { VirtualList } from '../design/virtual-list.tsx';
import { heldWords, markLabels, stateLabel } from '../rules/tool-words.ts';
import { useTools } from '../rules/use-tools.ts';
import { useCall } from '../store/call.ts';
import { useClient, useKnown } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { plainText } from '../words/names.ts';
import { accountName, orderedAccounts } from './account-words.ts';
import { ToolDialog } from './tool-dialog.tsx';
import styles from './tools-part.module.css';

const searchFrom = 10;
const keyOf = (tool: PinnedTool) => tool.tool;

export function ToolsPart({ server }: { readonly server: string }) {
  const accounts = orderedAccounts(useKnown()?.accounts.get(server)?.values() ?? []);
  const [chosen, setChosen] = useState<string | null>(null);
  const account = chosen ?? accounts[0]?.account ?? 'default';
  return (
    <>
      {accounts.length > 1 && (
        <div className={styles.accounts}>
          <Segments
            label="Account"
            value={account}
            onChange={setChosen}
            options={accounts.map((view: ServerView) => ({ value: view.account, label: accountName(view) }))}
          />
        </div>
      )}
      <ToolsOf key={account} server={server} account={account} />
    </>
  );
}

function ToolsOf({ server, account }: { readonly server: string; readonly account: string }) {
  const { state, again } = useTools(server, account);
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState<string | null>(null);
  const tools = state.kind === 'shown' ? state.tools : null;
  const rows = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
    return (tools ?? []).filter(({ tool, seen }) => {
      const text = `${tool} ${seen.title ?? ''} ${seen.description ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }, [tools, search]);
  if (state.kind === 'failed') {
    return <ProblemNote problem={state.problem} actions={<Button onClick={again}>Try again</Button>} />;
  }
  if (tools === null) return <Progress label="Asking the broker" />;
  if (tools.length === 0) {
    return (
      <EmptyState icon="settings" title="No tool has been seen yet">
        They are listed here as soon as an agent asks this server for its tools. The first list that an allowed agent
        sees counts as accepted.
      </EmptyState>
    );
  }
  const held = tools.filter((tool) => tool.state !== 'accepted');
  return (
    <>
      {held.length > 0 && <HeldNote server={server} account={account} held={held} onLook={setOpen} />}
      {tools.length >= searchFrom && <SearchField label="Search tools" value={search} onChange={setSearch} />}
      {rows.length === 0 ? (
        <EmptyState
          icon="search"
          title="No tool is like that"
          actions={<Button onClick={() => setSearch('')}>Clear the search</Button>}
        />
      ) : (
        <div className={styles.list}>
          <VirtualList label="Tools" items={rows} keyOf={keyOf} rowHeight={64}>
            {(tool, { tabIndex }) => <ToolRow tool={tool} tabIndex={tabIndex} onOpen={setOpen} />}
          </VirtualList>
        </div>
      )}
      <ToolDialog
        server={server}
        account={account}
        tool={tools.find(({ tool }) => tool === open) ?? null}
        onClose={() => setOpen(null)}
      />
    </>
  );
}

interface HeldNoteProps {
  readonly server: string;
  readonly account: string;
  readonly held: readonly PinnedTool[];
  readonly onLook: (tool: string) => void;
}

function HeldNote({ server, account, held, onLook }: HeldNoteProps) {
  const client = useClient();
  const call = useCall((signal) =>
    client.tools.accept({ server, account, tools: held.map(({ tool, seenAt }) => ({ tool, seenAt })) }, { signal }),
  );
  const [first] = held;
  const stopped = held.filter(({ state }) => state === 'held').length;
  const acceptAll = async () => {
    const done = await call.run();
    if (done !== null) toast(done.accepted === 1 ? 'One tool is accepted' : `${done.accepted} tools are accepted`);
  };
  return (
    <Note
      tone="warn"
      title={stopped > 0 ? heldWords(stopped) : `${held.length === 1 ? 'One tool' : `${held.length} tools`} changed`}
      actions={
        <>
          {first !== undefined && (
            <Button size="small" look="main" onClick={() => onLook(first.tool)}>
              Look at {held.length === 1 ? 'it' : 'the first'}
            </Button>
          )}
          <Button size="small" busy={call.state.kind === 'working'} onClick={() => void acceptAll()}>
            {held.length === 1 ? 'Accept it' : `Accept all ${held.length}`}
          </Button>
        </>
      }
    >
      {stopped > 0
        ? 'New, or described in another way than when you agreed. Agents see and call nothing of it until you accept.'
        : 'Described in another way than when you agreed. Agents may use it all the same, as you set it.'}
      {call.state.kind === 'failed' && <ProblemNote problem={call.state.problem} />}
    </Note>
  );
}

interface ToolRowProps {
  readonly tool: PinnedTool;
  readonly tabIndex: 0 | -1;
  readonly onOpen: (tool: string) => void;
}

function ToolRow({ tool, tabIndex, onOpen }: ToolRowProps) {
  const label = stateLabel(tool);
  return (
    <button
      type="button"
      className={styles.row}
      tabIndex={tabIndex}
      data-row-focus=""
      onClick={() => onOpen(tool.tool)}
    >
      <span className={styles.words}>
        <span className={styles.name}>
          <OutsideText mono>{tool.tool}</OutsideText>
        </span>
        <span className={styles.about}>
          <OutsideText>{tool.because ?? plainText(tool.seen.description ?? 'without a description', 300)}</OutsideText>
        </span>
      </span>
      <span className={styles.badges}>
        {label !== null && <Badge tone="needs-you">{label}</Badge>}
        <Badge tone={tool.marked === 'destructive' ? 'danger' : tool.marked === 'read-only' ? 'fine' : 'idle'}>
          {markLabels[tool.marked]}
        </Badge>
      </span>
    </button>
  );
}
