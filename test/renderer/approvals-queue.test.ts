// The question in front of the person stays there until they answer it, whatever comes meanwhile: nothing moves under the pointer.
import { describe, expect, it } from 'vitest';
import { answeredHere, behind, emptyQueue, followed, moved } from '../../renderer/approvals/queue.ts';
import { usePrompt } from './access.ts';

const [one, two, three] = ['one', 'two', 'three'].map((id) => usePrompt({ id })) as [
  ReturnType<typeof usePrompt>,
  ReturnType<typeof usePrompt>,
  ReturnType<typeof usePrompt>,
];

describe('the queue of questions', () => {
  it('has the oldest in front, and new ones behind it', () => {
    const queue = followed(emptyQueue, [one]);
    expect(queue.front).toEqual({ kind: 'open', prompt: one });
    expect(followed(queue, [one, two])).toBe(queue);
    expect(behind(queue, [one, two])).toEqual([two]);
  });
  it('takes in what changes about the one in front', () => {
    const queue = followed(emptyQueue, [one]);
    const more = { ...one, waiting: 3 };
    expect(followed(queue, [more]).front).toEqual({ kind: 'open', prompt: more });
  });
  it('keeps one that was answered elsewhere in front, as gone, until the person moves on', () => {
    const gone = followed(followed(emptyQueue, [one, two]), [two]);
    expect(gone.front).toEqual({ kind: 'gone', prompt: one });
    expect(followed(gone, [two, three])).toBe(gone);
    expect(moved(gone, [two, three]).front).toEqual({ kind: 'open', prompt: two });
  });
  it('does not call gone what the person is just answering', () => {
    const queue = { ...followed(emptyQueue, [one]), answering: true };
    expect(followed(queue, [])).toBe(queue);
    expect(answeredHere(queue, 'one', []).front).toEqual({ kind: 'none' });
    expect(followed({ ...queue, answering: false }, []).front.kind).toBe('gone');
  });
  it('goes on to the next one after an answer, and does not show the answered one again', () => {
    const queue = answeredHere(followed(emptyQueue, [one, two]), 'one', [one, two]);
    expect(queue.front).toEqual({ kind: 'open', prompt: two });
    expect(behind(queue, [one, two])).toEqual([]);
    expect(answeredHere(queue, 'two', [one, two]).front).toEqual({ kind: 'none' });
  });
  it('lets the person take another one first, and back', () => {
    const queue = moved(followed(emptyQueue, [one, two]), [one, two], 'two');
    expect(queue.front).toEqual({ kind: 'open', prompt: two });
    expect(moved(queue, [one, two], 'one').front).toEqual({ kind: 'open', prompt: one });
    expect(moved(queue, [one, two], 'gone').front).toEqual({ kind: 'open', prompt: one });
  });
});
