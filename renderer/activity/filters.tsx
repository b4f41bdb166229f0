// Which part of the record is shown: one server, one agent, one kind of event. The choice is in the address.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import { Button, IconButton } from '../design/button.tsx';
import { SelectField } from '../design/field.tsx';
import { useNarrow } from '../design/use-media.ts';
import { useChanges, useClient } from '../store/context.tsx';
import type { ActivityFilter } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import { kindTitle } from './event-words.ts';
import { withChoices, withNamed } from './choices.ts';
import styles from './filters.module.css';

type Choices = ContractOutputs['activity']['choices'];
const none: Choices = { servers: [], agents: [], kinds: [] };

export function Filters({
  of,
  filter,
  onChange,
}: {
  readonly of: 'activity' | 'audit';
  readonly filter: ActivityFilter;
  readonly onChange: (filter: ActivityFilter) => void;
}) {
  const choices = useChoices(of);
  const set = (name: keyof ActivityFilter) => (value: string) => {
    const { [name]: _dropped, ...rest } = filter;
    onChange(value === '' ? rest : { ...rest, [name]: value });
  };
  const shown = withChoices(choices, filter);
  const group = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const filtered = Object.keys(filter).length > 0;
  const showEverything = () => {
    onChange({});
    // The button has nothing more to do: the focus goes where the next choice is made.
    group.current?.querySelector('select')?.focus();
  };
  return (
    <div ref={group} className={styles.filters} role="group" aria-label="Filters">
      <SelectField
        label="Server"
        value={filter.server ?? ''}
        onChange={set('server')}
        options={[{ value: '', label: 'All servers' }, ...shown.servers.map(asIs)]}
      />
      <SelectField
        label="Agent"
        value={filter.agent ?? ''}
        onChange={set('agent')}
        options={[{ value: '', label: 'All agents' }, ...shown.agents.map(asIs)]}
      />
      <SelectField
        label="Kind"
        value={filter.kind ?? ''}
        onChange={set('kind')}
        options={[
          { value: '', label: 'All kinds' },
          ...shown.kinds.map((kind) => ({ value: kind, label: plainText(kindTitle(kind), 120) })),
        ]}
      />
      {!narrow && (
        <Button look="quiet" disabled={!filtered} onClick={showEverything}>
          Show everything
        </Button>
      )}
      {narrow && filtered && <IconButton label="Show everything" icon="close" onClick={showEverything} />}
    </div>
  );
}

const asIs = (value: string) => ({ value, label: plainText(value, 120) });

/** What some event names; what is named for the first time while the screen is open joins in. */
function useChoices(of: 'activity' | 'audit'): Choices {
  const client = useClient();
  const [choices, setChoices] = useState(none);
  useEffect(() => {
    const own = new AbortController();
    client[of].choices({}, { signal: own.signal }).then(
      (found) => setChoices((known) => withNamed(known, found)),
      // The list below reports a broker that does not answer; without choices everything is still shown.
      () => undefined,
    );
    return () => own.abort();
  }, [client, of]);
  useChanges(
    useCallback(
      (change: Change) => {
        if (of !== 'activity' || change.kind !== 'activity') return;
        const { server, agent, kind } = change.item;
        setChoices((known) =>
          withNamed(known, {
            servers: server === null ? [] : [server],
            agents: agent === null ? [] : [agent],
            kinds: [kind],
          }),
        );
      },
      [of],
    ),
  );
  return choices;
}
