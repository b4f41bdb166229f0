// `tokentray settings`: the settings of the whole app, as the window has them; what is set is kept, and holds at once.
import type { AppSettings } from '../../../preload/contract.ts';
import { quote } from '../../quote.ts';
import { defineCommand, UsageError } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { settingsTable } from '../settings-table.ts';
import type { Setting } from '../settings-table.ts';
import { table } from '../terminal.ts';

const entries = Object.entries(settingsTable);
const width = Math.max(...entries.map(([name]) => name.length));
const takesWidth = Math.max(...entries.map(([, { takes }]) => takes.length));
const lines = entries.map(
  ([name, { takes, about }]) => `  ${name.padEnd(width)}  ${takes.padEnd(takesWidth)}  ${about}`,
);

export const command = defineCommand({
  name: 'settings',
  summary: 'Show the settings of the whole app, or change one',
  usage: ['settings', 'settings <name>', 'settings <name> <value>'],
  about: `What is set is kept, and holds at once where nothing else is said. A flag of "tokentray serve" holds for that run only, and decides over it.\n\n${lines.join('\n')}`,
  personOnly: 'every change, except to be asked again (approvals ask)',
  examples: ['tokentray settings', 'tokentray settings approval-wait 2m', 'tokentray settings lock-after-idle 15m'],
  options: {},
  words: [0, 2],
  exits: [0, 1, 2, 4],
  async run({ words: [name, value], session }) {
    const { terminal, json } = session;
    const setting = name === undefined ? null : known(name);
    const change = setting === null || value === undefined ? null : setting.change(value);
    const { settings } = await session.broker();
    const now = change === null ? await settings.get() : await settings.set(change);
    if (json) {
      terminal.data(JSON.stringify(now));
      return exitCodes.ok;
    }
    if (setting === null || name === undefined) {
      terminal.data(
        table(
          ['NAME', 'IS', 'NOW'],
          entries.map(([each, one]) => [each, shownOf(one, now), one.note?.(now) ?? '']),
        ),
      );
      return exitCodes.ok;
    }
    if (change === null) terminal.data(shownOf(setting, now));
    else terminal.say(`${name} is set to ${shownOf(setting, now)}.`);
    const note = setting.note?.(now) ?? null;
    if (note !== null) terminal.say(`Now: ${note}.`);
    return exitCodes.ok;
  },
});

/** @throws UsageError */
function known(name: string): Setting {
  const found = Object.hasOwn(settingsTable, name) ? settingsTable[name] : undefined;
  if (found !== undefined) return found;
  throw new UsageError(`there is no setting ${quote(name, 40)}; there are ${entries.map(([each]) => each).join(', ')}`);
}

const shownOf = (setting: Setting, now: AppSettings): string => setting.show(now) ?? 'not here: it takes a desktop';
