// Which part of the record is shown: one server, one agent, one kind of event. The choice is in the address.
import { useCallback, useEffect, useState } from 'react';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { SelectField } from '../design/field.tsx';
import { useChanges, useClient } from '../store/context.tsx';
import type { ActivityFilter } from '../store/route.ts';
import { plainText } from '../words/names.ts';
import { kindTitle } from './event-words.ts';
import { withChoices, withNamed } from './choices.ts';
import styles from './filters.module.css';

type Choices = ContractOutputs['activity']['choices'];
const none: Choices = { servers: [], agents: [], kinds: [] };

export function Filters({
  filter,
  onChange,
}: {
  readonly filter: ActivityFilter;
  readonly onChange: (filter: ActivityFilter) => void;
}) {
  const choices = useChoices();
  const set = (name: keyof ActivityFilter) => (value: string) => {
    const { [name]: _dropped, ...rest } = filter;
    onChange(value === '' ? rest : { ...rest, [name]: value });
  };
  const shown = withChoices(choices, filter);
  return (
    <div className={styles.filters} role="group" aria-label="Filters">
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
      <Button look="quiet" disabled={Object.keys(filter).length === 0} onClick={() => onChange({})}>
        Show everything
      </Button>
    </div>
  );
}

const asIs = (value: string) => ({ value, label: plainText(value, 120) });

/** What some event names; what is named for the first time while the screen is open joins in. */
function useChoices(): Choices {
  const client = useClient();
  const [choices, setChoices] = useState(none);
  useEffect(() => {
    const own = new AbortController();
    client.activity.choices({}, { signal: own.signal }).then(
      (found) => setChoices((known) => withNamed(known, found)),
      // The list below reports a broker that does not answer; without choices everything is still shown.
      () => undefined,
    );
    return () => own.abort();
  }, [client]);
  useChanges(
    useCallback((change: Change) => {
      if (change.kind !== 'activity') return;
      const { server, agent, kind } = change.item;
      setChoices((known) =>
        withNamed(known, {
          servers: server === null ? [] : [server],
          agents: agent === null ? [] : [agent],
          kinds: [kind],
        }),
      );
    }, []),
  );
  return choices;
}
