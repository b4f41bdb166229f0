// How a broker without a desktop is set up: each setting a flag of `serve` and an environment variable, checked before anything starts.
import { delimiter } from 'node:path';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

const port = z.coerce.number().int().min(1).max(65_535);

const settings = {
  vault: {
    schema: z.enum(['auto', 'keychain', 'memory', 'passphrase-file']),
    variable: 'TOKENTRAY_VAULT',
    value: 'kind',
    help: 'auto (the passphrase file that this profile has; else the keychain, else memory), keychain, memory or passphrase-file',
  },
  'passphrase-file': {
    schema: z.string().min(1).max(4_096),
    variable: 'TOKENTRAY_PASSPHRASE_FILE',
    value: 'file',
    help: 'A file whose first line opens the passphrase-file vault; asked on a terminal otherwise',
  },
  port: {
    schema: port,
    variable: 'TOKENTRAY_PORT',
    value: 'number',
    help: 'Preferred port of the HTTP bridge',
  },
  'callback-port': {
    schema: port,
    variable: 'TOKENTRAY_CALLBACK_PORT',
    value: 'number',
    help: 'Preferred port of the sign-in callback',
  },
  'cimd-url': {
    schema: z.url({ protocol: /^https$/u }).max(2_048),
    variable: 'TOKENTRAY_CIMD_URL',
    value: 'url',
    help: 'Where the Client ID Metadata Document is published',
  },
  ca: {
    schema: z.array(z.string().min(1).max(4_096)).max(100),
    variable: 'TOKENTRAY_CA_FILES',
    value: 'file',
    help: 'One more certificate authority (PEM); may be repeated',
  },
  approvals: {
    schema: z.enum(['ask', 'off']),
    variable: 'TOKENTRAY_APPROVALS',
    value: 'ask|off',
    help: 'ask a person before an agent uses a server, or off: whoever has a key may use everything',
  },
  'log-level': {
    schema: z.enum(['debug', 'info', 'warn', 'error']),
    variable: 'TOKENTRAY_LOG',
    value: 'level',
    help: 'debug, info, warn or error',
  },
} as const;

export interface HostOptions {
  readonly vault: 'auto' | 'keychain' | 'memory' | 'passphrase-file';
  readonly passphraseFile: string | null;
  readonly bridgePort: number | null;
  readonly callbackPort: number | null;
  readonly cimdUrl: string | null;
  readonly caFiles: readonly string[];
  /** Null: as the person chose in the settings. */
  readonly approvals: 'ask' | 'off' | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

type Name = keyof typeof settings;
type Given = { readonly [N in Name]?: string | readonly string[] | undefined };

/** The flags of `serve`, as the command line describes options. */
export const hostFlags = Object.fromEntries(
  Object.entries(settings).map(([name, { help, value, variable }]) => [
    name,
    { type: 'string' as const, multiple: name === 'ca', value, help: `${help} [${variable}]` },
  ]),
) as { readonly [N in Name]: HostFlag<N extends 'ca' ? true : false> };

interface HostFlag<Multiple extends boolean> {
  readonly type: 'string';
  readonly multiple: Multiple;
  readonly value: string;
  readonly help: string;
}

/** Flags first, then the environment, then the default. @throws invalid_input naming the flag or the variable */
export function hostOptions(flags: Given, env: NodeJS.ProcessEnv): HostOptions {
  const read = <N extends Name>(name: N): z.output<(typeof settings)[N]['schema']> | null => {
    const { schema, variable } = settings[name];
    const fromEnv = env[variable] === '' ? undefined : env[variable];
    const given = flags[name] ?? (name === 'ca' ? fromEnv?.split(delimiter).filter((file) => file !== '') : fromEnv);
    if (given === undefined) return null;
    const parsed = schema.safeParse(given);
    // The schema of `name` is one of a union to the compiler; what it gives is what its own name promises.
    if (parsed.success) return parsed.data as z.output<(typeof settings)[N]['schema']>;
    const source = flags[name] === undefined ? variable : `--${name}`;
    throw new TokentrayError('invalid_input', `${source} cannot be ${quote(given, 80)}`, {
      advice: settings[name].help,
    });
  };
  return {
    vault: read('vault') ?? 'auto',
    passphraseFile: read('passphrase-file'),
    bridgePort: read('port'),
    callbackPort: read('callback-port'),
    cimdUrl: read('cimd-url'),
    caFiles: read('ca') ?? [],
    approvals: read('approvals'),
    logLevel: read('log-level') ?? 'info',
  };
}
