// The doctor's report in words: each verdict, the sum of them, and the whole as text to send to someone. Pure.
import type { ContractOutputs } from '../../preload/contract.ts';
import { counted } from '../words/counted.ts';

export type Report = ContractOutputs['doctor'];
type Verdict = Report['steps'][number]['verdict'];

interface VerdictWords {
  readonly label: string;
  readonly tone: 'fine' | 'idle' | 'busy' | 'needs-you' | 'danger';
}

const verdicts: Readonly<Record<Verdict, VerdictWords>> = {
  ok: { label: 'ok', tone: 'fine' },
  unusual: { label: 'unusual', tone: 'busy' },
  missing: { label: 'missing', tone: 'needs-you' },
  wrong: { label: 'wrong', tone: 'danger' },
  skipped: { label: 'skipped', tone: 'idle' },
};

export const verdictWords = (verdict: Verdict): VerdictWords => verdicts[verdict];

export function summaryOf({ steps }: Report): string {
  const count = (verdict: Verdict): number => steps.filter((step) => step.verdict === verdict).length;
  const troubles = [
    count('wrong') > 0 ? `${count('wrong')} wrong` : '',
    count('missing') > 0 ? `${count('missing')} missing` : '',
    count('unusual') > 0 ? `${count('unusual')} unusual` : '',
  ].filter((part) => part !== '');
  const looked = counted(steps.length, 'step');
  return troubles.length === 0 ? `${looked}, all ok.` : `${looked}: ${troubles.join(', ')}.`;
}

/** One line a step, for a bug report. */
export function reportText({ url, steps }: Report): string {
  const lines = steps.map(
    ({ name, verdict, detail, section }) => `[${verdict}] ${name}: ${detail}${section === null ? '' : ` (${section})`}`,
  );
  return [`tokentray doctor ${url}`, ...lines, ''].join('\n');
}
