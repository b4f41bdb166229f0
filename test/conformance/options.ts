// What of the conformance run is wanted: everything, or the part that was asked for on the command line.
import { parseArgs } from 'node:util';
import type { Revision, Target } from './targets.ts';

export const bridges = ['stdio', 'http'] as const;
export const eras = ['old', 'new'] as const;
type Bridge = (typeof bridges)[number];
type Era = (typeof eras)[number];

export interface Options {
  readonly bridges: readonly Bridge[];
  readonly eras: readonly Era[];
  readonly revisions: readonly Revision[] | null;
  /** Parts of scenario names; null for all. */
  readonly scenarios: readonly string[] | null;
  readonly jobs: number;
  readonly verbose: boolean;
  /** The bridge's own authorization server as well: unless only a part of the bridges is asked for. */
  readonly authorization: boolean;
  /** Without Tokentray between agent and server: what the agent alone passes. Proves the harness, scores nothing. */
  readonly direct: boolean;
}

export const usage = `Usage: npm run conformance -- [options]

Runs the official MCP conformance suite against a real broker: both bridges, agents of both eras, and the bridge's own
authorization server.

  --bridge stdio|http     only this bridge (may be repeated)
  --era old|new           only agents of this era (may be repeated)
  --revision <date>       only this protocol revision (may be repeated)
  --scenario <text>       only scenarios with this in their name (may be repeated)
  --jobs <number>         scenarios at once (default 3)
  --authorization         only the bridge's own authorization server
  --direct                leave Tokentray out: checks the harness itself
  --verbose               print what the suite said of each failure
  --help
`;

/** @throws when an option is unknown or has a value that it cannot have */
export function readOptions(argv: readonly string[], targets: readonly Target[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      bridge: { type: 'string', multiple: true },
      era: { type: 'string', multiple: true },
      revision: { type: 'string', multiple: true },
      scenario: { type: 'string', multiple: true },
      jobs: { type: 'string' },
      authorization: { type: 'boolean' },
      direct: { type: 'boolean' },
      verbose: { type: 'boolean', short: 'v' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const revisions = [...new Set(targets.map(({ revision }) => revision))];
  const jobs = Number(values.jobs ?? 3);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 16) throw new Error('--jobs is a number from 1 to 16');
  return {
    bridges: values.authorization === true ? [] : (some('--bridge', values.bridge, bridges) ?? bridges),
    eras: some('--era', values.era, eras) ?? eras,
    revisions: some('--revision', values.revision, revisions),
    scenarios: values.scenario ?? null,
    jobs,
    verbose: values.verbose ?? false,
    authorization:
      values.authorization ??
      [values.bridge, values.era, values.scenario, values.revision, values.direct].every((part) => part === undefined),
    direct: values.direct ?? false,
  };
}

function some<T extends string>(name: string, given: readonly string[] | undefined, known: readonly T[]): T[] | null {
  if (given === undefined) return null;
  return given.map((text) => {
    const found = known.find((value) => value === text);
    if (found === undefined) throw new Error(`${name} is one of ${known.join(', ')}`);
    return found;
  });
}

/** Whether this scenario was asked for. */
export function wanted(options: Options, revision: Revision, scenario: string): boolean {
  if (options.revisions !== null && !options.revisions.includes(revision)) return false;
  return options.scenarios === null || options.scenarios.some((part) => scenario.includes(part));
}
