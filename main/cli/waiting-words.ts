// What waits for the person, in a line each: open questions, and tools that are held.
import type { ContractOutputs } from '../../preload/contract.ts';

type Waiting = Pick<ContractOutputs['status'], 'openQuestions' | 'heldTools'>;

/** Nothing where nothing waits. */
export function waitingWords({ openQuestions, heldTools }: Waiting): string[] {
  const asked =
    openQuestions === 0
      ? []
      : [
          `${openQuestions === 1 ? '1 question waits' : `${openQuestions} questions wait`} for your answer: tokentray approvals`,
        ];
  const held = heldTools.map(
    ({ server, held: count }) =>
      `${count === 1 ? '1 tool' : `${count} tools`} of ${server} ${count === 1 ? 'is' : 'are'} held until you have looked: tokentray tools ${server}`,
  );
  return [...asked, ...held];
}
