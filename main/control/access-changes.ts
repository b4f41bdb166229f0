// What is open and what stands, told to whoever watches: once for all that changed in one go, a hundred waiting requests included.
import type { Access } from '../access/access.ts';
import type { ChangeFeed } from './changes.ts';

/** The returned function ends it. */
export function publishAccess({ approvals, prompts }: Pick<Access, 'approvals' | 'prompts'>, changes: ChangeFeed) {
  const due = { prompts: false, approvals: false };
  let ended = false;
  const soon = (what: keyof typeof due, publish: () => void) => () => {
    if (due[what]) return;
    due[what] = true;
    queueMicrotask(() => {
      due[what] = false;
      if (!ended) publish();
    });
  };
  const ends = [
    prompts.onChange(
      soon('prompts', () => changes.publish({ kind: 'prompts', prompts: prompts.list(), floods: prompts.floods() })),
    ),
    approvals.onChange(
      soon('approvals', () =>
        changes.publish({ kind: 'approvals', approvals: approvals.living().map(approvals.view) }),
      ),
    ),
  ];
  return () => {
    ended = true;
    for (const end of ends) end();
  };
}
