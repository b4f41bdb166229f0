// `tokentray token`: one fresh access token for a script, and nothing else on stdout.
import { defineCommand } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { exitCodes } from '../exit-codes.ts';

export const command = defineCommand({
  name: 'token',
  summary: 'Print one fresh access token, for scripts',
  usage: ['token <server> [--account <name>] [--min-ttl <time>]'],
  about: 'Agents do not need this: they go through the bridge and see no token.',
  personOnly: 'all of it, unless approvals are off',
  examples: [`curl -H "Authorization: Bearer $(tokentray token linear --min-ttl 60s)" https://mcp.linear.app/mcp`],
  options: {
    account: { type: 'string', value: 'name', help: 'Which of several accounts; the default one if not said' },
    'min-ttl': { type: 'string', value: 'time', help: 'How long it must still be good: 60s, 5m, 1h' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 3, 4],
  async run({ values, words: [server = ''], session }) {
    const { terminal, json } = session;
    const minTtl = values['min-ttl'];
    const minTtlMs = minTtl === undefined ? undefined : parseDuration(minTtl, '--min-ttl');
    const broker = await session.broker();
    const token = await broker.script.token(
      {
        server,
        ...(values.account === undefined ? {} : { account: values.account }),
        ...(minTtlMs === undefined ? {} : { minTtlMs }),
      },
      { signal: session.signal },
    );
    terminal.data(json ? JSON.stringify(token) : token.access_token);
    if (token.token_type === 'dpop') {
      terminal.say('This token is bound to a key that stays in the broker (RFC 9449): alone it opens nothing.');
    }
    return exitCodes.ok;
  },
});
