// The choices about approvals, tools and the audit, in words. Pure.
import type { AppSettings } from '../../preload/contract.ts';
import type { Agent } from '../store/model.ts';
import { span } from '../words/time.ts';

type Pinning = AppSettings['tools']['pinning'];

export const pinningOptions: readonly { readonly value: Pinning; readonly label: string }[] = [
  { value: 'hold', label: 'Hold it until I accept it' },
  { value: 'warn', label: 'Tell me, and let it through' },
  { value: 'off', label: 'Do nothing' },
];

const second = 1_000;
const usualWaits = [10 * second, 25 * second, 50 * second, 120 * second, 300 * second, 600 * second];

interface Option {
  readonly value: string;
  readonly label: string;
}

/** What is set now is among them, whatever it is. */
export function waitOptions(now: number): readonly Option[] {
  return withOwn(usualWaits, now).map((ms) => ({ value: String(ms), label: span(ms) }));
}

const usualDays = [7, 30, 90, 365, 3_650];
const usualMegabytes = [16, 64, 256, 1_024, 4_096];

export function daysOptions(now: number): readonly Option[] {
  return withOwn(usualDays, now).map((days) => ({
    value: String(days),
    label: days % 365 === 0 ? (days === 365 ? '1 year' : `${days / 365} years`) : days === 1 ? '1 day' : `${days} days`,
  }));
}

export function sizeOptions(now: number): readonly Option[] {
  return withOwn(usualMegabytes, now).map((megabytes) => ({
    value: String(megabytes),
    label: megabytes % 1_024 === 0 ? `${megabytes / 1_024} GB` : `${megabytes} MB`,
  }));
}

function withOwn(usual: readonly number[], own: number): readonly number[] {
  return usual.includes(own) ? usual : [...usual, own].toSorted((a, b) => a - b);
}

/** "3 agents may ask, 1 has not been used for 30 days. 2 are revoked." */
export function agentsSummary(agents: readonly Pick<Agent, 'revokedAt' | 'unused'>[]): string {
  const living = agents.filter(({ revokedAt }) => revokedAt === null);
  const revoked = agents.length - living.length;
  const unused = living.filter((agent) => agent.unused).length;
  if (agents.length === 0)
    return 'None so far. Those on stdio appear by themselves; one that speaks HTTP signs in or gets a key.';
  const may = living.length === 1 ? '1 agent may ask' : `${living.length} agents may ask`;
  const idle = unused === 0 ? '' : `, ${unused} ${unused === 1 ? 'has' : 'have'} not been used for 30 days`;
  return `${may}${idle}.${revoked === 0 ? '' : ` ${revoked} ${revoked === 1 ? 'is' : 'are'} revoked.`}`;
}
