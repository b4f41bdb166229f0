// What a row of the audit is called, what it says beyond its name, and what a verdict over all of them means. Pure.
import type { AuditEntry, AuditVerdict } from '../../preload/contract.ts';
import { describeEvent, type EventTone, type EventWords } from './event-words.ts';

/** Rows about tool calls are the audit's own; all else is called as in the activity. */
export function describeEntry(
  entry: Pick<AuditEntry, 'kind' | 'detail'> & Partial<Pick<AuditEntry, 'agent'>>,
): EventWords {
  const tool = entry.detail['tool'];
  if ((entry.kind !== 'tool-call' && entry.kind !== 'rule-hit') || typeof tool !== 'string')
    return describeEvent(entry);
  const outcome = String(entry.detail['outcome']);
  const { words, tone } = outcomes.get(outcome) ?? { words: outcome, tone: 'idle' };
  const rule = entry.detail['rule'];
  const why = typeof rule === 'string' && rule !== '' ? rule : null;
  const took = entry.kind === 'tool-call' ? sizesOf(entry.detail) : null;
  return {
    title: `${entry.kind === 'rule-hit' ? 'Call stopped' : 'Tool called'}: ${words}`,
    tone,
    agent: entry.agent ?? null,
    detail: [tool, why, took].filter((part) => part !== null).join(' · '),
  };
}

const outcomes: ReadonlyMap<string, { readonly words: string; readonly tone: EventTone }> = new Map([
  ['ok', { words: 'done', tone: 'fine' }],
  ['tool-error', { words: 'the tool failed', tone: 'needs-you' }],
  ['error', { words: 'the server refused', tone: 'danger' }],
  ['cancelled', { words: 'cancelled', tone: 'idle' }],
  ['failed', { words: 'it did not get through', tone: 'danger' }],
  ['refused', { words: 'a rule stands against it', tone: 'needs-you' }],
  ['held', { words: 'the tool is held', tone: 'needs-you' }],
  ['declined', { words: 'you declined it', tone: 'needs-you' }],
  ['denied', { words: 'the agent is denied', tone: 'needs-you' }],
  ['approval-needed', { words: 'nobody had answered', tone: 'needs-you' }],
  ['locked', { words: 'Tokentray was locked', tone: 'needs-you' }],
] as const);

function sizesOf(detail: AuditEntry['detail']): string | null {
  const { ms, answerBytes } = detail;
  if (typeof ms !== 'number' || typeof answerBytes !== 'number') return null;
  return `${Math.round(ms)} ms, ${sizeWords(answerBytes)}`;
}

export function sizeWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function verdictTone(verdict: AuditVerdict['verdict']): 'fine' | 'warn' | 'danger' {
  if (verdict === 'intact') return 'fine';
  return verdict === 'no-key' ? 'warn' : 'danger';
}

export function verdictTitle({ verdict, at }: Pick<AuditVerdict, 'verdict' | 'at'>): string {
  switch (verdict) {
    case 'intact':
      return 'It is whole';
    case 'changed':
      return `Row ${at} was changed`;
    case 'removed':
      return `Row ${at} was removed`;
    case 'reordered':
      return `Row ${at} is not in its place`;
    case 'truncated':
      return 'Its end was cut off';
    case 'bad-signature':
      return 'A signature is not ours';
    case 'no-key':
      return at === null
        ? 'The chain is whole, but its older signatures cannot be checked'
        : `The chain is whole, but from row ${at} on some rows came without its key`;
  }
}
