// What is kept and who is told: the store, the audit that overhears it, and the feed of changes for every observer.
import { keptLock } from '../access/lock-kept.ts';
import { createAudit } from '../audit/audit.ts';
import { eventEntry } from '../audit/event-entry.ts';
import type { Audit } from '../audit/types.ts';
import { activityItem } from '../control/activity.ts';
import { createChangeFeed, type ChangeFeed } from '../control/changes.ts';
import { observedStore } from '../control/observed-store.ts';
import { auditSettings, chosenApprovals } from '../settings/settings.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/types.ts';
import { version } from '../version.ts';
import type { BrokerOptions } from './options.ts';

export interface Records {
  /** Each event that is written to it goes to the audit and to the observers as well. */
  readonly store: Store;
  readonly audit: Audit;
  readonly changes: ChangeFeed;
  /** Where a damaged database was put. */
  readonly setAside: string | null;
  close(): Promise<void>;
}

/** @throws store_unavailable, store_full */
export async function openRecords({
  paths,
  vault,
  log,
  clock,
  approvals,
}: Pick<BrokerOptions, 'paths' | 'vault' | 'log' | 'clock' | 'approvals'>): Promise<Records> {
  const { store: kept, setAside } = openStore({ file: paths.database, log, clock });
  const changes = createChangeFeed();
  // Before anything reads from it: a restart unlocks nothing.
  if (keptLock(kept) !== null) await vault.lock();
  // Looks each up when it is asked for; made once, for it is asked with every tool call.
  const settings = auditSettings(kept);
  const audit = await createAudit({ store: kept, vault, clock, log, settings: () => settings });
  const store = observedStore(kept, (event) => {
    changes.publish({ kind: 'activity', item: activityItem(event) });
    audit.append(eventEntry(event, kept));
  });
  const databaseSetAside = setAside !== null;
  const started = { version, vault: vault.kind, approvals: approvals ?? chosenApprovals(kept), databaseSetAside };
  audit.append({ kind: 'broker-started', detail: { ...started, ...(vault.reason && { vaultReason: vault.reason }) } });
  return {
    store,
    audit,
    changes,
    setAside,
    async close() {
      audit.append({ kind: 'broker-stopped' });
      await audit.close();
      store.close();
    },
  };
}
