// Well-known remote MCP servers to pick from; each says where its entry is from and whether a client has to be brought.
import { useEffect, useMemo, useState } from 'react';
import type { CatalogueEntry } from '../../preload/contract.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { ProblemNote } from '../design/note.tsx';
import { SearchField } from '../design/search-field.tsx';
import { ServerIcon } from '../design/server-icon.tsx';
import { VirtualList, type RowPlace } from '../design/virtual-list.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { hostOf } from '../words/names.ts';
import styles from './catalogue.module.css';

/** Pixels; the row's style sheet keeps to them. */
const rowHeight = 64;
const keyOf = (entry: CatalogueEntry) => entry.id;

export function Catalogue({ onPick }: { readonly onPick: (entry: CatalogueEntry) => void }) {
  const client = useClient();
  const { state, run } = useCall((signal) => client.catalogue.list({}, { signal }));
  const [search, setSearch] = useState('');
  useEffect(() => void run(), [run]);

  const entries = state.kind === 'done' ? state.value : null;
  const found = useMemo(() => matching(entries ?? [], search), [entries, search]);
  if (state.kind === 'failed') {
    return <ProblemNote problem={state.problem} actions={<Button onClick={() => void run()}>Try again</Button>} />;
  }
  if (entries === null || entries.length === 0) return null;
  return (
    <Card title="Or pick a well-known one" flush>
      <div className={styles.search}>
        <SearchField label={`Search ${entries.length} servers`} value={search} onChange={setSearch} />
      </div>
      <span className="only-read" role="status">
        {search === '' ? '' : `${found.length} found`}
      </span>
      {found.length === 0 ? (
        <p className={styles.none}>None of them is like that. Paste the address above instead.</p>
      ) : (
        // The scroller takes no focus of its own: the rows do, and bring themselves into view.
        <div className={styles.entries}>
          <VirtualList label="Catalogue" items={found} keyOf={keyOf} rowHeight={rowHeight}>
            {(entry, place) => <Entry entry={entry} place={place} onPick={onPick} />}
          </VirtualList>
        </div>
      )}
    </Card>
  );
}

interface EntryProps {
  readonly entry: CatalogueEntry;
  readonly place: RowPlace;
  readonly onPick: (entry: CatalogueEntry) => void;
}

function Entry({ entry, place, onPick }: EntryProps) {
  return (
    <div className={styles.entry}>
      <ServerIcon name={entry.name} />
      <div className={styles.words}>
        <div className={styles.name}>
          <button
            type="button"
            className={styles.pick}
            tabIndex={place.tabIndex}
            data-row-focus
            onClick={() => onPick(entry)}
          >
            {entry.name}
          </button>
          <span className={styles.host}>{hostOf(entry.url)}</span>
        </div>
        <p className={styles.about}>{entry.description}</p>
      </div>
      {entry.registration === 'pre-registered' && (
        <Badge title="This provider registers no clients by itself: you bring one.">own client</Badge>
      )}
      <a
        className={styles.source}
        href={entry.source}
        target="_blank"
        rel="noopener noreferrer"
        tabIndex={place.tabIndex}
        aria-label={`Source of the entry ${entry.name}`}
      >
        Source
      </a>
    </div>
  );
}

function matching(entries: readonly CatalogueEntry[], search: string): CatalogueEntry[] {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  return entries.filter((entry) => {
    const text = `${entry.name} ${entry.url} ${entry.description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
