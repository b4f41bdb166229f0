// The runs as text: one table for each run, then what was missed and why, then the totals beside their targets.
import type { AuthorizationVerdict } from './authorization.ts';
import type { Verdict } from './suite.ts';
import type { Target } from './targets.ts';

export interface Run {
  readonly bridge: string;
  readonly era: string;
  readonly verdicts: readonly Verdict[];
}

export const nameOf = ({ bridge, era }: Pick<Run, 'bridge' | 'era'>): string =>
  `${bridge === 'direct' ? 'no bridge' : `${bridge} bridge`}, ${era}-era agent`;

export function runTable(run: Run, targets: readonly Target[], verbose: boolean): string {
  const lines = [`\n== ${nameOf(run)}`];
  for (const target of targets) {
    const verdicts = of(target, run.verdicts);
    if (verdicts.length === 0) continue;
    lines.push(`\n   ${titleOf(target)}: ${scoreOf(target, run.verdicts)}`);
    for (const verdict of verdicts) lines.push(...row(verdict, verbose));
  }
  return lines.join('\n');
}

function row(
  { scenario, passed, checks, milliseconds, reasons, agent }: Omit<Verdict, 'revision'>,
  verbose: boolean,
): string[] {
  const counted = `${checks.passed}/${checks.decided} checks`;
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  const line = `   ${passed ? 'passed' : 'FAILED'}  ${scenario.padEnd(50)} ${counted.padStart(14)} ${seconds.padStart(8)}`;
  if (passed) return [line];
  const said = verbose ? indented(`agent: ${agent.trim().slice(-4000)}`) : [];
  return [line, ...reasons.flatMap(indented), ...said];
}

/** The fifth run: there is no agent in it, and nothing that the suite requires. */
export function authorizationTable(verdicts: readonly AuthorizationVerdict[], verbose: boolean): string {
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const lines = [
    '\n== local authorization server',
    `\n   every scenario, every revision: ${passed}/${verdicts.length}`,
  ];
  for (const verdict of verdicts) {
    lines.push(...row({ ...verdict, scenario: `${verdict.revision} ${verdict.scenario}` }, verbose));
  }
  return lines.join('\n');
}

const indented = (text: string): string[] => text.split('\n').map((line) => `             ${line}`);

export function totals(runs: readonly Run[], targets: readonly Target[]): string {
  const width = Math.max(...runs.map((run) => nameOf(run).length));
  const lines = ['\n== Totals\n'];
  for (const run of runs) {
    const scores = targets.map((target) => `${titleOf(target)} ${scoreOf(target, run.verdicts)}`);
    lines.push(`   ${nameOf(run).padEnd(width)}  ${scores.join('   ')}`);
  }
  return lines.join('\n');
}

const titleOf = ({ revision, kind }: Target): string => `${revision} ${kind}`;

function scoreOf(target: Target, verdicts: readonly Verdict[]): string {
  return `${of(target, verdicts).filter(({ passed }) => passed).length}/${target.expected}`;
}

function of({ revision, scenarios }: Target, verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.filter((verdict) => verdict.revision === revision && scenarios.includes(verdict.scenario));
}
