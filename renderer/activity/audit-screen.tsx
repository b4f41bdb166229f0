// The audit: every call, decision and change, filtered and endless downwards; whether it is whole is one press away.
import { LinkButton } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Page, Stack } from '../design/page.tsx';
import { href, replaceRoute, type ActivityFilter } from '../store/route.ts';
import { AuditList } from './audit-list.tsx';
import { ExportButton } from './export-button.tsx';
import { Filters } from './filters.tsx';
import { RecordTabs } from './record-tabs.tsx';
import { VerifyCard } from './verify-card.tsx';

export function AuditScreen({ filter }: { readonly filter: ActivityFilter }) {
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page
      title="Audit"
      about="Every call, decision and change. Each row is sealed by the next."
      actions={<ExportButton of="audit" filter={filter} />}
    >
      <Stack>
        <RecordTabs current="audit" />
        <VerifyCard />
        <Filters of="audit" filter={filter} onChange={(next) => replaceRoute({ at: 'audit', filter: next })} />
        <AuditList
          key={JSON.stringify([filter.server, filter.agent, filter.kind])}
          filter={filter}
          empty={
            filtered ? (
              <EmptyState
                icon="search"
                title="No row is like that"
                actions={<LinkButton href={href({ at: 'audit', filter: {} })}>Show everything</LinkButton>}
              >
                Nothing in the audit fits these filters.
              </EmptyState>
            ) : (
              <EmptyState icon="shield" title="Nothing is written down yet">
                The first sign-in, the first question of an agent and the first call appear here.
              </EmptyState>
            )
          }
        />
      </Stack>
    </Page>
  );
}
