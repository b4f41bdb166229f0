// Which notification is due for what agents ask: one for each question, as soon as it is there. Pure.
import type { Notice } from './notices.ts';
import type { Summary } from './summary.ts';

export interface DueQuestion {
  /** Ids of the questions that the person was told of. */
  readonly told: ReadonlySet<string>;
  readonly notice: Notice | null;
}

export function dueQuestion(told: ReadonlySet<string>, { questions, paused, locked }: Summary): DueQuestion {
  if (paused || locked) return { told, notice: null };
  const fresh = questions.filter(({ id }) => !told.has(id));
  const now = new Set(questions.map(({ id }) => id));
  const [first] = fresh;
  if (first === undefined) return { told: now, notice: null };
  const more = fresh.length === 1 ? '' : `, and ${fresh.length - 1} more`;
  return {
    told: now,
    notice: { title: `${first.words}${more}`, body: 'It waits for your answer.', server: null, prompt: first.id },
  };
}
