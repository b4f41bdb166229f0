// `tokentray ui`: opens the window; where there is none, lets a browser in by a link that works once.
import { systemBrowser } from '../../open-url.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const command = defineCommand({
  name: 'ui',
  summary: 'Open the window, in the browser where there is no desktop app',
  usage: ['ui [--no-open]'],
  about: `The link lets one browser in, once, within ten minutes; what it let in stays until the broker ends or you end it in the
settings. With --no-open the link is printed instead, for a browser of your choice. For a browser on another machine, carry the
port over first, and then open the link there: ssh -L 18730:127.0.0.1:18730 <this machine>`,
  personOnly: 'the link',
  examples: ['tokentray ui', 'tokentray ui --no-open'],
  options: { 'no-open': { type: 'boolean', help: 'Print the link, open nothing' } },
  words: [0, 0],
  exits: [0, 1, 2, 4],
  async run({ values, session }) {
    const { terminal, json, env } = session;
    const linkOnly = values['no-open'] === true;
    const way = await (await session.broker()).script.openUi({ linkOnly });
    if (json) terminal.data(JSON.stringify(way));
    if (way.kind === 'window') {
      terminal.say('Opened the window.');
      return exitCodes.ok;
    }
    if (linkOnly) {
      if (!json) terminal.data(way.link);
      terminal.say('Works once, within ten minutes. Whoever opens it can use your broker: show it to nobody.');
      return exitCodes.ok;
    }
    try {
      await systemBrowser(env)(new URL(way.link));
      terminal.say('Opened in the browser.');
    } catch {
      // The link is as good by hand; that no browser was found is no failure of the UI.
      terminal.say(`No browser could be started. Open this link, which works once:\n${way.link}`);
    }
    return exitCodes.ok;
  },
});
