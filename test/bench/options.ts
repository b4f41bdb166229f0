// What was asked of the benchmark on its command line, and how much of everything that means.
import { parseArgs } from 'node:util';
import type { AuditPlan } from './audit-pair.ts';
import type { Plan } from './measure.ts';

export interface Options {
  readonly json: boolean;
  /** Nothing but the audit, on beside off. */
  readonly auditOnly: boolean;
  readonly plan: Plan;
  readonly audit: AuditPlan;
  readonly starts: number;
}

export const usage = `Usage: npm run bench -- [options]

Measures what Tokentray costs beside a direct connection and beside mcp-remote: latency, throughput, start, memory.
Real processes on loopback in a temporary profile; no account and no network needed. Takes some three minutes.

  --quick          a short run to see that it works; its figures are rough
  --rounds <n>     rounds over all paths (default 10, quick 2)
  --audit          only the audit, on beside off
  --json           print one JSON document instead of tables
  --help
`;

const most = { rounds: 100 } as const;

/** @throws when an option is unknown or has a value that it cannot have */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean' },
      rounds: { type: 'string' },
      audit: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const quick = values.quick === true;
  const rounds = Number(values.rounds ?? (quick ? 2 : 10));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > most.rounds) {
    throw new Error(`--rounds is a number from 1 to ${most.rounds}`);
  }
  const amounts = quick
    ? { warmUp: 60, sequential: 40, concurrent: 160 }
    : { warmUp: 300, sequential: 120, concurrent: 480 };
  return {
    json: values.json === true,
    auditOnly: values.audit === true,
    plan: { rounds, ...amounts, inFlight: 16 },
    // Many short rounds: what disturbs one of them is then far from the middle.
    audit: { rounds: rounds * 2, sliceSeconds: 0.5, perSecond: 200 },
    starts: quick ? 2 : 10,
  };
}
