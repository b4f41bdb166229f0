// `tokentray show`: one server, its grant and what happened to it lately.
import type { ContractOutputs } from '../../../preload/contract.ts';
import { plainText } from '../../access/plain-text.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown, shownTime } from '../terminal.ts';
import { stateWords } from '../words.ts';

const events = 10;

const scopes = (list: readonly string[]) => (list.length === 0 ? 'none' : list.map(shown).join(' '));

const nowhere = (state: ContractOutputs['servers']['show']['state']): string =>
  state.kind === 'open' && state.answersSince !== undefined ? 'nowhere: it answers without a token' : 'not known yet';

export const command = defineCommand({
  name: 'show',
  summary: 'Show one server and its grant',
  usage: ['show <server> [--account <name>]'],
  examples: ['tokentray show linear'],
  options: {
    account: { type: 'string', value: 'name', help: 'Which of several accounts; the default one if not said' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ words: [server = ''], values: { account }, session }) {
    const { terminal, json } = session;
    const broker = await session.broker();
    const view = await broker.servers.show({ server, ...(account === undefined ? {} : { account }) });
    const history = await broker.events.list({ server, limit: events });
    if (json) {
      terminal.data(JSON.stringify({ ...view, events: history }));
      return exitCodes.ok;
    }
    const { state, settings } = view;
    const lines = [
      `Name        ${view.server}`,
      `Address     ${shown(view.url)}`,
      `State       ${stateWords(state)}`,
      `Account     ${shown(view.account)}${view.isDefault ? '' : ' (not the default one)'}`,
      `Who         ${view.identity === null ? 'not known' : plainText(view.identity)}`,
      ...(view.endsAt === null ? [] : [`Ends        ${shownTime(view.endsAt)}`]),
      `Signs in at ${view.issuer === null ? nowhere(state) : shown(view.issuer)}`,
      `Resource    ${view.resource === null ? 'not known yet' : shown(view.resource)}`,
      `Client      ${view.registration ?? 'none yet'}`,
      `Asked for   ${scopes(view.requestedScopes)}`,
      `Granted     ${scopes(view.grantedScopes)}`,
      `Sign-in     ${settings.signIn}, ${settings.flow}`,
    ];
    if (state.kind === 'connected') {
      lines.push(`Token until ${shownTime(state.accessTokenExpiresAt, 'not said')}`);
      if (state.stepUp !== undefined) {
        lines.push(
          `Wanted      ${scopes(state.stepUp.scopes)}`,
          `            since ${shownTime(state.stepUp.since)}; allow it: tokentray connect ${view.server}`,
        );
      }
    }
    if (history.length > 0)
      lines.push('', 'Lately:', ...history.map(({ at, kind }) => `  ${shownTime(at)}  ${shown(kind)}`));
    terminal.data(lines.join('\n'));
    return exitCodes.ok;
  },
});
