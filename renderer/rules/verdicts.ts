// What rules do to the tools that are known, by the broker's own judgement: the window must not promise what the bridge does not keep.
import type { PinnedTool } from '../../preload/contract.ts';
import { judge } from '../../main/access/rules.ts';
import type { Rules } from '../approvals/decision.ts';

export type Fate = 'allowed' | 'asks' | 'refused' | 'held';

export interface ToolFate {
  readonly tool: string;
  readonly fate: Fate;
  /** Why it is refused; names in it are quoted. */
  readonly because: string | null;
}

/** @param sets all of them have to let a tool through: the server's rules, and the approval's where it is about one */
export function fates(sets: readonly Rules[], tools: readonly PinnedTool[]): readonly ToolFate[] {
  return tools.map(({ tool, state, marked }) => {
    if (state === 'held') return { tool, fate: 'held', because: 'its definition changed and waits for you' };
    const verdict = judge(sets, { name: tool, marked, known: true });
    switch (verdict.kind) {
      case 'allowed':
        return { tool, fate: 'allowed', because: null };
      case 'ask':
        return { tool, fate: 'asks', because: null };
      case 'refused':
        return { tool, fate: 'refused', because: verdict.because };
    }
  });
}

/** "12 of 20 tools are let through, 3 of them ask you first." */
export function fatesSummary(list: readonly ToolFate[]): string {
  const count = (fate: Fate) => list.filter((one) => one.fate === fate).length;
  const through = count('allowed') + count('asks');
  if (list.length === 0) return 'No tool of this server has been seen so far.';
  const asks = count('asks');
  const which =
    through === list.length
      ? list.length === 1
        ? 'The one tool'
        : `All ${list.length} tools`
      : `${through} of ${list.length} tools`;
  return `${which} ${through === 1 ? 'is' : 'are'} let through${asks === 0 ? '' : `, ${asks} of them ${asks === 1 ? 'asks' : 'ask'} you first`}.`;
}
