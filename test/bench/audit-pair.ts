// The audit alone, on beside off: the same broker, agent and server, in short slices in turn at a steady rate.
import type { Agent } from './agent.ts';
import { paced } from './paced.ts';
import type { Switched } from './switched.ts';

export interface AuditPlan {
  readonly rounds: number;
  /** Seconds between two turns of the switch. */
  readonly sliceSeconds: number;
  readonly perSecond: number;
}

/** What one round gave, both of its slices together. */
export interface Share {
  /** Milliseconds of each call. */
  readonly latencies: readonly number[];
  /** Of the broker on the processor, with the writing of the rows, in milliseconds. */
  readonly processorMs: number;
}

export interface AuditRound {
  readonly off: Share;
  readonly on: Share;
}

type State = keyof AuditRound;

/** Off, on, on, off; the other way round in the next round: a machine that grows slower or faster does so to both alike. */
const orders: readonly (readonly State[])[] = [
  ['off', 'on', 'on', 'off'],
  ['on', 'off', 'off', 'on'],
];

/** @throws when a call fails, or was not in the audit when it should be, or was when it should not */
export async function measureAudit(
  agent: Pick<Agent, 'call'>,
  turn: Switched['turn'],
  plan: AuditPlan,
  signal: AbortSignal,
): Promise<AuditRound[]> {
  const calls = Math.round(plan.sliceSeconds * plan.perSecond);
  const slice = async (state: State): Promise<Share> => {
    signal.throwIfAborted();
    const before = await turn(state);
    const latencies = await paced(() => agent.call(), calls, plan.perSecond);
    const after = await turn(state);
    const rows = after.rows - before.rows;
    if (rows !== (state === 'on' ? calls : 0))
      throw new Error(`${calls} calls with the audit ${state} made ${rows} rows`);
    return { latencies, processorMs: (after.processorMicros - before.processorMicros) / 1_000 };
  };
  const rounds: AuditRound[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    const shares: Record<State, Share[]> = { off: [], on: [] };
    for (const state of orders[round % orders.length] ?? []) shares[state].push(await slice(state));
    rounds.push({ off: together(shares.off), on: together(shares.on) });
  }
  return rounds;
}

const together = (shares: readonly Share[]): Share => ({
  latencies: shares.flatMap(({ latencies }) => latencies),
  processorMs: shares.reduce((sum, { processorMs }) => sum + processorMs, 0),
});
