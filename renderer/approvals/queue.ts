// Which question is in front of the person: it stays there until they answer or move on, whatever comes or goes behind it. Pure.
import type { Prompt } from '../../preload/contract.ts';

export type Front =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly prompt: Prompt }
  /** It was answered elsewhere or ran out while it was looked at. */
  | { readonly kind: 'gone'; readonly prompt: Prompt };

export interface Queue {
  readonly front: Front;
  /** Answered here; the stream may bring them once more before it tells that they are gone. */
  readonly answered: ReadonlySet<string>;
  /** The person's answer to the one in front is on its way: that it is no longer open is their own doing. */
  readonly answering: boolean;
}

export const emptyQueue: Queue = { front: { kind: 'none' }, answered: new Set(), answering: false };

/** Gives the very same queue when nothing is new. @param prompts all that are open, the oldest first */
export function followed(queue: Queue, prompts: readonly Prompt[]): Queue {
  const { front, answered } = queue;
  switch (front.kind) {
    case 'none': {
      const [first] = prompts.filter(({ id }) => !answered.has(id));
      return first === undefined ? queue : { ...queue, front: { kind: 'open', prompt: first } };
    }
    case 'open': {
      const now = prompts.find(({ id }) => id === front.prompt.id);
      if (now === undefined) {
        return queue.answering ? queue : { ...queue, front: { kind: 'gone', prompt: front.prompt } };
      }
      return now === front.prompt ? queue : { ...queue, front: { kind: 'open', prompt: now } };
    }
    case 'gone':
      return queue;
  }
}

/** The person answered it here: the next one comes to the front. */
export function answeredHere(queue: Queue, id: string, prompts: readonly Prompt[]): Queue {
  const answered = new Set([...queue.answered, id]);
  return followed({ front: { kind: 'none' }, answered, answering: false }, prompts);
}

/** The person chose another one, or is done with what is gone. */
export function moved(queue: Queue, prompts: readonly Prompt[], id?: string): Queue {
  const wanted = prompts.find((prompt) => prompt.id === id);
  const front: Front = wanted === undefined ? { kind: 'none' } : { kind: 'open', prompt: wanted };
  return followed({ ...queue, front, answering: false }, prompts);
}

/** Those behind the one in front. */
export function behind({ front, answered }: Queue, prompts: readonly Prompt[]): readonly Prompt[] {
  return prompts.filter(({ id }) => !answered.has(id) && (front.kind === 'none' || front.prompt.id !== id));
}
