// The two records side by side: what happened, for reading; and the audit, every row of which is sealed by the next.
import { TabLinks } from '../design/tabs.tsx';
import { href } from '../store/route.ts';

export function RecordTabs({ current }: { readonly current: 'activity' | 'audit' }) {
  return (
    <TabLinks
      label="Records"
      tabs={[
        { href: href({ at: 'activity', filter: {} }), label: 'What happened', current: current === 'activity' },
        { href: href({ at: 'audit', filter: {} }), label: 'Audit', current: current === 'audit' },
      ]}
    />
  );
}
