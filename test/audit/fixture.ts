// An audit over a real database file and a vault that outlives it; and the hand that edits the file meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit } from '../../main/audit/audit.ts';
import type { Audit, AuditSettings } from '../../main/audit/types.ts';
import type { SecretStore } from '../../main/ports.ts';
import { openStore } from '../../main/store/open.ts';
import { loadSqlite } from '../../main/store/sqlite.ts';
import type { Database } from '../../main/store/sqlite.ts';
import type { Store } from '../../main/store/types.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { recordingLog } from '../vault/recording-log.ts';
import type { RecordingLog } from '../vault/recording-log.ts';

export interface Running {
  readonly audit: Audit;
  readonly store: Store;
  /** As a broker ends: everything is written and signed. */
  end(): Promise<void>;
  /** As a killed process ends: nothing more is written. */
  kill(): void;
}

export interface World {
  readonly file: string;
  clock: FakeClock;
  readonly log: RecordingLog;
  vault: SecretStore;
  settings: AuditSettings;
  /** Whether the vault says that it outlives its process. */
  persistent: boolean;
  start(): Promise<Running>;
  /** Through a connection of its own, as anybody with the file could. */
  edit<T>(work: (db: Database) => T): T;
  remove(): void;
}

export function world(): World {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  const file = join(folder, 'tokentray.db');
  const clock = createFakeClock();
  const log = recordingLog();
  const open = new Set<Store>();
  const made: World = {
    file,
    clock,
    log,
    vault: memoryVault(),
    settings: { arguments: false, keepDays: 365, keepMegabytes: 256 },
    persistent: true,
    async start() {
      const { clock: now } = made;
      const { store } = openStore({ file, log, clock: now });
      open.add(store);
      let dead = false;
      const audit = await createAudit({
        // A dead process writes nothing, however many of its timers are left in the clock of this one.
        store: { audit: { ...store.audit, write: (...args) => (dead ? undefined : store.audit.write(...args)) } },
        vault: {
          persistent: made.persistent,
          read: (ref) => made.vault.read(ref),
          write: async (ref, value) => (dead ? undefined : made.vault.write(ref, value)),
        },
        clock: now,
        log,
        settings: () => made.settings,
      });
      const close = () => {
        if (open.delete(store)) store.close();
      };
      return {
        audit,
        store,
        async end() {
          await audit.close();
          close();
        },
        kill() {
          dead = true;
          close();
        },
      };
    },
    edit(work) {
      const db = new (loadSqlite().DatabaseSync)(file);
      try {
        return work(db);
      } finally {
        db.close();
      }
    },
    remove() {
      for (const store of open) store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return made;
}

/** Tool calls of two agents on two servers. */
export function fill(audit: Audit, rows: number, from = 1): void {
  for (let n = from; n < from + rows; n += 1) {
    audit.append({
      kind: 'tool-call',
      server: n % 2 === 0 ? 'linear' : 'github',
      account: 'default',
      agent: n % 3 === 0 ? 'cursor' : 'claude-code',
      detail: { tool: `tool-${n}`, outcome: 'ok', ms: n },
    });
  }
}
