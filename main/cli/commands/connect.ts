// `tokentray connect`: shows what a sign-in would do, then does it, on this machine's browser or any other.
import { plainText } from '../../access/plain-text.ts';
import type { ControlClient } from '../../control/client.ts';
import { isTokentrayError, TokentrayError } from '../../errors.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown, shownTime } from '../terminal.ts';
import { endGiven } from '../end-given.ts';
import { planWords } from '../words.ts';

/** The broker's own limit is five minutes; this is for a broker that does not keep it. */
const patienceMs = 5 * 60_000 + 10_000;

export const command = defineCommand({
  name: 'connect',
  summary: 'Sign in to a server',
  usage: ['connect <server> [options]'],
  about: `Shows the plan first: where you sign in, as which client, for which scopes. Gives up after five minutes; Ctrl-C cancels.
With --no-browser, open the address anywhere. If that browser cannot reach this machine, copy the address that it ends up at
and paste it here.`,
  personOnly: 'all of it, unless approvals are off',
  examples: [
    'tokentray connect linear',
    'tokentray connect linear --no-browser --scope read',
    'tokentray connect linear --account work --for 7d',
  ],
  options: {
    'no-browser': {
      type: 'boolean',
      help: 'Print the address instead of opening it; takes the pasted callback address',
    },
    yes: { type: 'boolean', short: 'y', help: 'Agree to the plan without being asked' },
    account: { type: 'string', value: 'name', help: 'Which account; a new name makes a new one beside the others' },
    for: { type: 'string', value: 'time', help: 'Have the grant end here after this time: 30m, 8h, 7d' },
    'no-end': { type: 'boolean', help: 'Take away an end that it was given before' },
    scope: { type: 'string', multiple: true, value: 'scope', help: 'Ask for this scope only; may be repeated' },
    issuer: { type: 'string', value: 'url', help: 'The authorization server to use where the server names several' },
    'fresh-consent': { type: 'boolean', help: 'Have the provider ask again what it remembers' },
    'register-again': { type: 'boolean', help: 'Register a new client: the provider has probably forgotten ours' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4, 7],
  async run({ values, words, session }) {
    const [server = ''] = words;
    const { terminal, json } = session;
    const openBrowser = values['no-browser'] !== true;
    const endsAt = endGiven(values);
    const { account } = values;
    const choices = {
      server,
      ...(account === undefined ? {} : { account }),
      ...(values.scope === undefined
        ? {}
        : { scopes: values.scope.flatMap((scopes) => scopes.split(/\s+/u)).filter(Boolean) }),
      ...(values.issuer === undefined ? {} : { issuer: values.issuer }),
      ...(values['fresh-consent'] === true ? { freshConsent: true } : {}),
      ...(values['register-again'] === true ? { registerAgain: true } : {}),
    };
    const broker = await session.broker();
    const { settings } = await broker.servers.show({ server });
    // The other flows ask no person, so there is nothing to plan or to agree to.
    if (settings.flow === 'authorization_code') {
      const plan = await terminal.working(
        'Asking the server',
        broker.servers.plan(choices, { signal: session.signal }),
      );
      terminal.say(planWords(plan).join('\n'));
      if (json) terminal.data(JSON.stringify({ kind: 'plan', ...plan }));
      if (values.yes !== true && openBrowser) await agree(session);
    }

    const started = await broker.signIn.start({ ...choices, openBrowser, ...(endsAt === undefined ? {} : { endsAt }) });
    tell(session, started, openBrowser);
    const result = await finish(session, broker, started);

    if (json) terminal.data(JSON.stringify({ kind: 'signed-in', ...result }));
    const scopes = result.grantedScopes.length === 0 ? 'no scopes' : result.grantedScopes.map(shown).join(' ');
    const who = result.identity === null ? '' : ` as ${plainText(result.identity)}`;
    const where = result.account === 'default' ? '' : `, account ${shown(result.account)}`;
    terminal.say(`${terminal.paint('green', 'Signed in')} to ${server}${where}${who}: ${scopes}.`);
    if (result.endsAt !== null) terminal.say(`The grant ends here ${shownTime(result.endsAt)}.`);
    if (!result.refreshable) {
      terminal.say(
        `The server gave no refresh token: good until ${shownTime(result.accessTokenExpiresAt, 'it ends it')}.`,
      );
    }
    if (result.warning !== null) terminal.say(terminal.paint('yellow', result.warning));
    return exitCodes.ok;
  },
});

/** A browser tab opens on a person's word only; where no person can be asked, `--yes` is it. */
async function agree({ terminal }: Session): Promise<void> {
  if (!terminal.interactive) {
    throw new UsageError('nobody can be asked here: add --yes to open the browser, or --no-browser');
  }
  if (!(await terminal.confirm('Open the browser?', true))) {
    throw new TokentrayError('sign_in_cancelled', 'nothing was opened');
  }
}

interface Started {
  readonly id: string;
  readonly server: string;
  readonly url: string | null;
  readonly redirectUri: string | null;
}

function tell({ terminal, json }: Session, started: Started, openBrowser: boolean): void {
  if (started.url === null) return;
  if (json) terminal.data(JSON.stringify({ kind: 'sign-in', ...started }));
  terminal.say(
    openBrowser ? `Opened in the browser; if not, open:\n${started.url}` : `Open this address:\n${started.url}`,
  );
  if (!openBrowser) terminal.say('Waiting. If the browser ends on a page that does not load, paste its address here:');
}

async function finish(session: Session, broker: ControlClient, { id, url }: Started) {
  const { terminal } = session;
  const limit = AbortSignal.any([session.signal, AbortSignal.timeout(patienceMs)]);
  const stopListening =
    url === null ? () => undefined : terminal.lines((line) => void paste(session, broker, id, line));
  try {
    const waiting = broker.signIn.wait({ id }, { signal: limit });
    // On a terminal the spinner would write over what is being pasted.
    return await (url === null ? terminal.working('Signing in', waiting) : waiting);
  } catch (error) {
    if (!limit.aborted) throw error;
    await broker.signIn.cancel({ id });
    throw session.signal.aborted
      ? new TokentrayError('sign_in_cancelled', 'the sign-in was cancelled')
      : new TokentrayError('sign_in_timeout', 'the sign-in took too long');
  } finally {
    stopListening();
  }
}

async function paste({ terminal }: Session, broker: ControlClient, id: string, line: string): Promise<void> {
  const callback = line.trim();
  if (callback === '') return;
  try {
    await broker.signIn.complete({ id, callback });
  } catch (error) {
    // A wrong paste changes nothing; the sign-in's own end is told by the one who waits for it.
    if (isTokentrayError(error)) terminal.say(`${error.message}. Still waiting.`);
  }
}
