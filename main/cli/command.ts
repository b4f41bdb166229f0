// What a command is: its words for --help, its options, and one function that does it.
import { parseArgs } from 'node:util';
import type { ControlClient } from '../control/client.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands for the value in --help. */
  readonly value?: string;
  readonly help: string;
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type Value<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['multiple'] extends true
    ? readonly string[]
    : string;
type Values<O extends OptionSpecs> = { readonly [K in keyof O]?: Value<O[K]> };

/** What a command may do besides computing. */
export interface Session {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly json: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The broker; started when none runs. @throws broker_not_running */
  broker(): Promise<ControlClient>;
  /** The broker if one runs already. @throws broker_not_running */
  runningBroker(): Promise<ControlClient>;
}

interface Call<O extends OptionSpecs> {
  readonly values: Values<O>;
  readonly words: readonly string[];
  readonly session: Session;
}

export interface CommandSpec<O extends OptionSpecs> {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  /** Each form, without the program's name: `token <server> [--min-ttl <time>]`. */
  readonly usage: readonly string[];
  readonly about?: string;
  /** What of it is refused to a command that an agent started. */
  readonly personOnly?: string;
  readonly examples: readonly string[];
  readonly options: O;
  /** How many words it takes. */
  readonly words: readonly [min: number, max: number];
  readonly exits: readonly ExitCode[];
  run(call: Call<O>): Promise<ExitCode>;
}

/** A command whose options' types only it needs to know. */
export interface Command extends Omit<CommandSpec<OptionSpecs>, 'run'> {
  /** @throws UsageError when the words or options are not this command's */
  invoke(argv: readonly string[], open: (json: boolean) => Session): Promise<ExitCode | 'help'>;
}

/** The person wrote something that the command does not take. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const everywhere = {
  json: { type: 'boolean', help: 'Print data as JSON, failures too' },
  help: { type: 'boolean', short: 'h', help: 'Show this help' },
} as const satisfies OptionSpecs;

export function defineCommand<const O extends OptionSpecs>(spec: CommandSpec<O>): Command {
  const options = { ...spec.options, ...everywhere };
  return {
    ...spec,
    options,
    async invoke(argv, open) {
      const { values, words } = parse(argv, options);
      if (values.help === true) return 'help';
      const [min, max] = spec.words;
      if (words.length < min) throw new UsageError(`${spec.name} needs more words`);
      if (words.length > max) throw new UsageError(`${spec.name} does not know what to do with "${words[max]}"`);
      return spec.run({ values, words, session: open(values.json === true) });
    },
  };
}

function parse<O extends OptionSpecs>(argv: readonly string[], options: O): { values: Values<O>; words: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    return { values, words: positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
