// What happened: filtered by server, agent and kind, endless downwards, live at the top, exported on a word.
import { EmptyState } from '../design/empty-state.tsx';
import { LinkButton } from '../design/button.tsx';
import { Page, Stack } from '../design/page.tsx';
import { href, replaceRoute, type ActivityFilter } from '../store/route.ts';
import { ActivityList } from './activity-list.tsx';
import { ExportButton } from './export-button.tsx';
import { Filters } from './filters.tsx';
import { RecordTabs } from './record-tabs.tsx';

export function ActivityScreen({ filter }: { readonly filter: ActivityFilter }) {
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page
      title="Activity"
      about="What happened, as the broker noted it. Never a token."
      actions={<ExportButton of="activity" filter={filter} />}
    >
      <Stack>
        <RecordTabs current="activity" />
        <Filters of="activity" filter={filter} onChange={(next) => replaceRoute({ at: 'activity', filter: next })} />
        <ActivityList
          key={JSON.stringify([filter.server, filter.agent, filter.kind])}
          filter={filter}
          empty={
            filtered ? (
              <EmptyState
                icon="search"
                title="Nothing of that kind"
                actions={<LinkButton href={href({ at: 'activity', filter: {} })}>Show everything</LinkButton>}
              >
                Nothing in the record fits these filters. What happens from now on appears here by itself.
              </EmptyState>
            ) : (
              <EmptyState icon="activity" title="Nothing has happened yet">
                As soon as a server is added, a person signs in or an agent asks for a token, it is noted here.
              </EmptyState>
            )
          }
        />
      </Stack>
    </Page>
  );
}
