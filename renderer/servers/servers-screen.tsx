// Servers: every server at a glance, who needs the person first; without any, the way to the first one.
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { Button, LinkButton } from '../design/button.tsx';
import { classes } from '../design/classes.ts';
import { EmptyState } from '../design/empty-state.tsx';
import { Page } from '../design/page.tsx';
import { SearchField } from '../design/search-field.tsx';
import { Segments } from '../design/segments.tsx';
import { shortcuts, useShortcut } from '../design/shortcuts.tsx';
import { useNarrow } from '../design/use-media.ts';
import { VirtualList } from '../design/virtual-list.tsx';
import { FirstRun } from '../first-run/first-run.tsx';
import { useModel } from '../store/context.tsx';
import type { ServerView } from '../store/model.ts';
import { href } from '../store/route.ts';
import { Adoptable } from './adoptable.tsx';
import { listed, summary, type Show } from './order.ts';
import { rowHeight, ServerRow } from './server-row.tsx';
import styles from './servers-screen.module.css';

/** Fewer can be seen without a search. */
const searchFrom = 6;

const none: ReadonlyMap<string, ServerView> = new Map();
const noneHeld: ReadonlyMap<string, number> = new Map();
const keyOf = (view: ServerView) => view.server;

export function ServersScreen() {
  const servers = useModel((model) => model.known?.servers ?? none);
  const held = useModel((model) => model.known?.held ?? noneHeld);
  const live = useModel((model) => model.link.kind === 'live');
  const [search, setSearch] = useState('');
  const [show, setShow] = useState<Show>('all');
  const deferred = useDeferredValue(search);
  const searchInput = useRef<HTMLInputElement>(null);
  const narrow = useNarrow();
  const height = useCallback((view: ServerView) => rowHeight(view, narrow), [narrow]);
  useShortcut(shortcuts.search, () => searchInput.current?.focus());

  const rows = useMemo(() => listed(servers.values(), deferred, show, held), [servers, deferred, show, held]);
  const questions = useModel((model) => model.known?.prompts.length ?? 0);
  const about = useMemo(() => summary(servers.values(), held, questions), [servers, held, questions]);
  const needYou = useMemo(() => listed(servers.values(), '', 'needs-you', held).length, [servers, held]);

  if (servers.size === 0) {
    return (
      <>
        <Adoptable />
        <FirstRun />
      </>
    );
  }
  return (
    <Page
      title="Servers"
      about={<span role="status">{live ? about : 'As it was when the broker last answered'}</span>}
      actions={
        live && (
          <LinkButton look="main" icon="add" href={href({ at: 'add' })}>
            <span>
              Add<span className={styles.roomy}> a server</span>
            </span>
          </LinkButton>
        )
      }
    >
      <Adoptable />
      {servers.size >= searchFrom && (
        <div className={styles.tools}>
          <SearchField
            label="Search servers"
            value={search}
            onChange={setSearch}
            inputRef={searchInput}
            shortcut={shortcuts.search.key}
          />
          <Segments
            label="Which servers"
            value={show}
            onChange={setShow}
            options={[
              { value: 'all', label: 'All' },
              { value: 'needs-you', label: needYou === 0 ? 'Need you' : `Need you ${needYou}` },
            ]}
          />
        </div>
      )}
      {rows.length === 0 ? (
        <NothingFound
          search={deferred}
          onClear={() => {
            setSearch('');
            setShow('all');
          }}
        />
      ) : (
        <div className={classes(styles.list, !live && styles.past)}>
          <VirtualList label="Servers" items={rows} keyOf={keyOf} rowHeight={height}>
            {(view, place) => <ServerRow view={view} tabIndex={place.tabIndex} />}
          </VirtualList>
        </div>
      )}
    </Page>
  );
}

function NothingFound({ search, onClear }: { readonly search: string; readonly onClear: () => void }) {
  return search.trim() === '' ? (
    <EmptyState icon="check" title="No server needs you" actions={<Button onClick={onClear}>Show all</Button>} />
  ) : (
    <EmptyState
      icon="search"
      title="No server is like that"
      actions={<Button onClick={onClear}>Clear the search</Button>}
    >
      The search looks at names, addresses, accounts and providers.
    </EmptyState>
  );
}
