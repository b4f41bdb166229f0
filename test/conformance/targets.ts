// What is to be passed: read from the suite's own frozen requirement lists, so that no scenario is forgotten or chosen.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Revision = '2025-03-26' | '2025-11-25' | '2026-07-28';

/** Scenarios that are counted together, with how many of them there have to be. */
export interface Target {
  readonly revision: Revision;
  readonly kind: 'scored' | 'back-compat' | 'extensions';
  readonly expected: number;
  readonly scenarios: readonly string[];
}

/** The folder of the installed suite. */
export function suiteFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json')));
}

/** Not in any requirement list, for the suite has none for this revision. */
const backCompat = ['auth/2025-03-26-oauth-metadata-backcompat', 'auth/2025-03-26-oauth-endpoint-fallback'];

const counts = [
  { revision: '2025-11-25', scored: 18 },
  { revision: '2026-07-28', scored: 32 },
] as const;
const extensions = 6;

/** @throws when a list does not have the length that the targets were set for */
export function readTargets(folder: string = suiteFolder()): readonly Target[] {
  const targets: Target[] = [
    { revision: '2025-03-26', kind: 'back-compat', expected: backCompat.length, scenarios: backCompat },
  ];
  for (const { revision, scored } of counts) {
    const listed = readRequirements(readFileSync(join(folder, 'requirements', `${revision}.yaml`), 'utf8'));
    targets.push({ revision, kind: 'scored', expected: scored, scenarios: listed.scored });
    targets.push({ revision, kind: 'extensions', expected: extensions, scenarios: listed.extensions });
  }
  for (const { revision, kind, expected, scenarios } of targets) {
    if (scenarios.length === expected) continue;
    throw new Error(`the suite lists ${scenarios.length} ${kind} scenarios for ${revision}, not ${expected}`);
  }
  return targets;
}

/** The two lists of a requirement file that are about clients. The files are flat; no more of YAML is in them. */
export function readRequirements(yaml: string): { scored: string[]; extensions: string[] } {
  const scored: string[] = [];
  const unscored: { scenario: string; leg: string; reason: string }[] = [];
  let section = '';
  for (const line of yaml.split('\n')) {
    const heading = /^(\w+):/u.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    const item = /^\s+-\s+(?:scenario:\s*)?(\S+)\s*$/u.exec(line)?.[1];
    if (item !== undefined) {
      if (section === 'client') scored.push(item);
      if (section === 'not_scored') unscored.push({ scenario: item, leg: '', reason: '' });
    }
    const [, field, value = ''] = /^\s+(leg|reason):\s*(\S+)/u.exec(line) ?? [];
    const last = unscored.at(-1);
    if (section !== 'not_scored' || last === undefined) continue;
    if (field === 'leg') last.leg = value;
    if (field === 'reason') last.reason = value;
  }
  return {
    scored,
    extensions: unscored
      .filter(({ leg, reason }) => leg === 'client' && reason === 'extension')
      .map(({ scenario }) => scenario),
  };
}
