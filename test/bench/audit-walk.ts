// `verify` over a long audit: how long it takes, and whether anybody else waits for it, with nothing wrong and with the last row changed.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { append, withAudit } from './bare-audit.ts';
import { watchLoop, type LoopFigures } from './event-loop.ts';

/** Milliseconds for which `verify` may keep the broker's event loop to itself. */
export const sliceBudget = 20;

export interface Walk extends LoopFigures {
  readonly what: string;
  readonly verdict: string | null;
  readonly rows: number;
  readonly seconds: number;
  readonly grownBytes: number;
}

const idleMs = 1_000;

export async function walk(rows: number): Promise<Walk[]> {
  return withAudit(true, async (audit, file) => {
    await append(audit, rows);
    const verified = async (what: string): Promise<Walk> => {
      const before = process.memoryUsage.rss();
      const { value, ms, loop } = await watchLoop(() => audit.verify());
      const grownBytes = process.memoryUsage.rss() - before;
      return { what, verdict: value.verdict, rows, seconds: ms / 1_000, grownBytes, ...loop };
    };
    const { ms, loop } = await watchLoop(() => sleep(idleMs));
    const idle = { what: 'nothing at all', verdict: null, rows: 0, seconds: ms / 1_000, grownBytes: 0, ...loop };
    const intact = await verified('as it was written');
    // A hash that fits no place: the row is looked for everywhere before it is called changed.
    const database = new DatabaseSync(file);
    database.prepare('UPDATE audit SET detail = ? WHERE seq = ?').run('{}', rows);
    database.close();
    return [idle, intact, await verified('its last row changed')];
  });
}
