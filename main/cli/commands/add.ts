// `tokentray add`: one more server, with the client and the flow that it needs.
import type { ControlClient } from '../../control/client.ts';
import { assertNever } from '../../errors.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { readSecretFile, readSecretStdin } from '../secret-input.ts';
import { stateWords } from '../words.ts';

type NewServer = Parameters<ControlClient['script']['addServer']>[0];
type Client = NonNullable<NewServer['client']>;
type Flow = NonNullable<NewServer['flow']>;

const options = {
  scope: { type: 'string', multiple: true, value: 'scope', help: 'Ask for this scope only; may be repeated' },
  'without-scope': {
    type: 'string',
    multiple: true,
    value: 'scope',
    help: 'Never ask for this scope; may be repeated',
  },
  issuer: { type: 'string', value: 'url', help: 'The authorization server to use where the server names several' },
  'client-id': { type: 'string', value: 'id', help: 'A client that you registered at the authorization server' },
  'client-secret-stdin': { type: 'boolean', help: 'Read its secret from stdin' },
  'client-secret-file': { type: 'string', value: 'file', help: 'Read its secret from a file' },
  'private-key-file': { type: 'string', value: 'file', help: 'Its private key for private_key_jwt, PKCS#8 PEM' },
  'signing-alg': { type: 'string', value: 'alg', help: 'The signature algorithm of that key, like ES256' },
  'auth-method': {
    type: 'string',
    value: 'method',
    help: 'none, client_secret_basic, client_secret_post or private_key_jwt',
  },
  flow: {
    type: 'string',
    value: 'kind',
    help: 'authorization_code (usual), client_credentials, id_jag or jwt_bearer',
  },
  'idp-token-endpoint': { type: 'string', value: 'url', help: "id_jag: the identity provider's token endpoint" },
  'idp-client-id': { type: 'string', value: 'id', help: 'id_jag: our client there' },
  'id-token-file': { type: 'string', value: 'file', help: "id_jag: the person's ID token" },
  'assertion-file': { type: 'string', value: 'file', help: "jwt_bearer: the workload's JWT" },
  'sign-in': {
    type: 'string',
    value: 'how',
    help: 'ask (a link for the person) or auto (opens the browser by itself)',
  },
  'allow-http': { type: 'boolean', help: 'Accept plain http for this server although it is not on this machine' },
  'from-vault': { type: 'boolean', help: 'Take up the grants that the vault holds and the database has lost' },
} as const;

type AddValues = Parameters<Parameters<typeof defineCommand<typeof options>>[0]['run']>[0]['values'];

export const command = defineCommand({
  name: 'add',
  summary: 'Add a server',
  usage: ['add <name> <url> [options]', 'add --from-vault'],
  about:
    'A name has lower-case letters, digits and dashes. Secrets are never taken from the command line: every process can read it.',
  personOnly: '--client-id, --flow, --sign-in auto, --allow-http and --from-vault, unless approvals are off',
  examples: [
    'tokentray add linear https://mcp.linear.app/mcp',
    'tokentray add crm https://crm.example/mcp --client-id tray --client-secret-stdin < secret.txt',
  ],
  options,
  words: [0, 2],
  exits: [0, 1, 2, 4],
  async run({ values, words, session }) {
    const [name, url] = words;
    if (values['from-vault'] === true) return takeUp(session);
    if (name === undefined || url === undefined) throw new UsageError('add needs a name and an address');
    if (!/^[a-z0-9-]{1,64}$/u.test(name)) {
      throw new UsageError('a name has lower-case letters, digits and dashes only, at most 64');
    }
    const { terminal, json } = session;
    // Every file is read before a broker is started: what is wrong with the words is said at once.
    const server = { name, url, settings: settingsOf(values), ...(await clientOf(values, session)), ...flowOf(values) };
    const broker = await session.broker();
    const view = await broker.script.addServer(server);
    if (json) terminal.data(JSON.stringify(view));
    else {
      terminal.say(`Added ${terminal.paint('bold', name)}: ${stateWords(view.state)}.`);
      terminal.say(`Sign in:     tokentray connect ${name}`);
      terminal.say(`For agents:  tokentray stdio ${name}`);
    }
    return exitCodes.ok;
  },
});

async function takeUp(session: Session): Promise<ExitCode> {
  const { terminal, json } = session;
  const client = await session.broker();
  const taken: string[] = [];
  for (const { id } of await client.adoption.list()) {
    const { server } = await client.adoption.adopt({ id });
    if (server !== null) taken.push(server);
  }
  if (json) terminal.data(JSON.stringify({ taken }));
  else terminal.say(taken.length === 0 ? 'There is nothing to take up.' : `Taken up: ${taken.join(', ')}.`);
  return exitCodes.ok;
}

function settingsOf(values: AddValues): NonNullable<NewServer['settings']> {
  const signIn = oneOf('--sign-in', values['sign-in'], ['ask', 'auto']);
  return {
    ...(values.scope === undefined ? {} : { pinnedScopes: scopesOf(values.scope) }),
    ...(values['without-scope'] === undefined ? {} : { removedScopes: scopesOf(values['without-scope']) }),
    ...(values.issuer === undefined ? {} : { chosenIssuer: values.issuer }),
    ...(signIn === undefined ? {} : { signIn }),
    ...(values['allow-http'] === true ? { allowHttp: true } : {}),
  };
}

/** `--scope "a b"` is as good as `--scope a --scope b`. */
const scopesOf = (given: readonly string[]): string[] => given.flatMap((words) => words.split(/\s+/u)).filter(Boolean);

async function clientOf(values: AddValues, session: Session): Promise<{ client?: Client }> {
  const client_id = values['client-id'];
  const fromStdin = values['client-secret-stdin'] === true;
  const secretFile = values['client-secret-file'];
  const keyFile = values['private-key-file'];
  const method = oneOf('--auth-method', values['auth-method'], [
    'none',
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
  ]);
  if (client_id === undefined) {
    if (fromStdin || [secretFile, keyFile, method, values['signing-alg']].some((value) => value !== undefined)) {
      throw new UsageError('a secret, a key and a method belong to a client: give its --client-id');
    }
    return {};
  }
  if (fromStdin && secretFile !== undefined) {
    throw new UsageError('--client-secret-stdin and --client-secret-file exclude each other');
  }
  const client_secret = fromStdin
    ? await readSecretStdin(session.terminal, 'the client secret')
    : secretFile && readSecretFile(secretFile, '--client-secret-file');
  return {
    client: {
      client_id,
      ...(client_secret === undefined ? {} : { client_secret }),
      ...(keyFile === undefined ? {} : { private_key: readSecretFile(keyFile, '--private-key-file') }),
      ...(values['signing-alg'] === undefined ? {} : { signing_alg: values['signing-alg'] }),
      ...(method === undefined ? {} : { token_endpoint_auth_method: method }),
    },
  };
}

function flowOf(values: AddValues): { flow?: Flow } {
  const kind = oneOf('--flow', values.flow, ['authorization_code', 'client_credentials', 'id_jag', 'jwt_bearer']);
  const need = (name: 'idp-token-endpoint' | 'idp-client-id' | 'id-token-file' | 'assertion-file'): string => {
    const value = values[name];
    if (value === undefined) throw new UsageError(`--flow ${kind} needs --${name}`);
    return value;
  };
  switch (kind) {
    case undefined:
      return {};
    case 'id_jag':
      return {
        flow: {
          kind,
          idp_token_endpoint: need('idp-token-endpoint'),
          idp_client_id: need('idp-client-id'),
          id_token: readSecretFile(need('id-token-file'), '--id-token-file'),
        },
      };
    case 'jwt_bearer':
      return { flow: { kind, assertion: readSecretFile(need('assertion-file'), '--assertion-file') } };
    case 'authorization_code':
    case 'client_credentials':
      return { flow: { kind } };
    default:
      return assertNever(kind);
  }
}

function oneOf<const T extends string>(option: string, value: string | undefined, known: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((word) => word === value);
  if (found === undefined) throw new UsageError(`${option} takes one of: ${known.join(', ')}`);
  return found;
}
