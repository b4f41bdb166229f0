// An audit without a broker: over a database of its own, and calls as they come in.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createAudit } from '../../main/audit/audit.ts';
import type { ToolCall } from '../../main/audit/tool-call.ts';
import type { Audit } from '../../main/audit/types.ts';
import { createLog } from '../../main/log/log.ts';
import type { Clock } from '../../main/ports.ts';
import { openStore } from '../../main/store/open.ts';
import { memoryVault } from '../../main/vault/memory.ts';

const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * @param keep whether arguments are kept
 * @param work gets the audit and the file of its database, which is gone afterwards
 */
export async function withAudit<T>(keep: boolean, work: (audit: Audit, file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-bench-'));
  const file = join(folder, 'tokentray.db');
  const log = createLog({ level: 'error', clock });
  const { store } = openStore({ file, log, clock });
  const settings = { arguments: keep, keepDays: 365, keepMegabytes: 4_096 };
  const audit = await createAudit({ store, vault: memoryVault(), clock, log, settings: () => settings });
  try {
    return await work(audit, file);
  } finally {
    await audit.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const callNumber = (n: number): ToolCall => ({
  agent: 'cursor',
  server: 'linear',
  account: 'default',
  tool: `list_issues_${n % 40}`,
  outcome: 'ok',
  ms: 12.5,
  requestBytes: 412,
  answerBytes: 18_231,
  arguments: { query: 'open bugs', limit: 50, cursor: 'abcdef', filter: { label: ['p1', 'p2'] } },
});

const burst = 200;

/** As many as fill a batch, then whatever waits. @returns milliseconds that whoever appends was kept */
export async function append(audit: Audit, rows: number): Promise<number> {
  let kept = 0;
  for (let n = 0; n < rows; n += burst) {
    const begun = performance.now();
    for (let i = n; i < Math.min(rows, n + burst); i += 1) audit.toolCall(callNumber(i));
    kept += performance.now() - begun;
    await setImmediate();
  }
  await audit.flush();
  return kept;
}
