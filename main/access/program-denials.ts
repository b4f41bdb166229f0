// "Don't ask again" holds for the program: one that comes under another name is denied what it was denied, and is told as whom.
import type { AgentView } from '../../preload/contract.ts';
import type { Approvals } from './approvals.ts';
import { programOf } from './program.ts';
import type { ApprovalRow } from './types.ts';

export interface ProgramDenials {
  /** The denial of another agent that binds this one, which nobody decided about; null: none. Cheap. */
  of(agentId: string, server: string, account: string): ApprovalRow | null;
  close(): void;
}

/** What binds other names of a program; a denial for once or for a time is about the one that asked. */
export const bindsProgram = ({ decision, lasts, until }: Pick<ApprovalRow, 'decision' | 'lasts' | 'until'>): boolean =>
  decision === 'deny' && lasts === 'always' && until === null;

/** Null where the program is not known well enough to hold anything against it. */
export const certainProgram = (agent: Pick<AgentView, 'kind' | 'checked'> | null): string | null => {
  if (agent?.kind !== 'stdio') return null;
  const program = programOf(agent.checked);
  return program?.isCertain === true ? program.key : null;
};

export function createProgramDenials(
  approvals: Pick<Approvals, 'living' | 'onChange'>,
  agentView: (id: string) => AgentView | null,
): ProgramDenials {
  /** As the approvals have it, until one of them changes. */
  let denials: ReadonlyMap<string, ApprovalRow> | null = null;
  const stop = approvals.onChange(() => (denials = null));

  const keyOf = (agentId: string, server: string, account: string): string | null => {
    const program = certainProgram(agentView(agentId));
    return program === null ? null : JSON.stringify([program, server, account]);
  };
  const known = (): ReadonlyMap<string, ApprovalRow> =>
    new Map(
      approvals
        .living()
        .filter(bindsProgram)
        .flatMap((row) => {
          const key = keyOf(row.agentId, row.server, row.account);
          return key === null ? [] : [[key, row] as const];
        }),
    );

  return {
    of(agentId, server, account) {
      const key = keyOf(agentId, server, account);
      if (key === null) return null;
      denials ??= known();
      return denials.get(key) ?? null;
    },
    close: stop,
  };
}
