// `tokentray doctor`: walks a server's authorization step by step and says what is missing, wrong or merely unusual.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown } from '../terminal.ts';
import type { Style } from '../terminal.ts';

const marks = {
  ok: ['green', 'ok'],
  unusual: ['yellow', 'unusual'],
  missing: ['red', 'missing'],
  wrong: ['red', 'wrong'],
  skipped: ['dim', 'skipped'],
} as const satisfies Record<string, readonly [Style, string]>;

export const command = defineCommand({
  name: 'doctor',
  summary: 'Check what a server offers for signing in, step by step',
  usage: ['doctor <url or server> [--allow-http]'],
  about: 'Registers nothing and signs in nowhere. Exit code 1 when something is missing or wrong.',
  examples: ['tokentray doctor https://mcp.linear.app/mcp'],
  options: { 'allow-http': { type: 'boolean', help: 'Accept plain http although it is not on this machine' } },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ values, words: [what = ''], session }) {
    const { terminal, json } = session;
    const broker = await session.broker();
    // A name has no colon, an address always does.
    const known = what.includes(':') ? null : await broker.servers.show({ server: what });
    const url = known?.url ?? what;
    const allowHttp = values['allow-http'] === true || known?.settings.allowHttp === true;
    const diagnosis = await terminal.working(
      'Asking the server',
      broker.doctor({ url, allowHttp }, { signal: session.signal }),
    );
    if (json) terminal.data(JSON.stringify(diagnosis));
    else {
      const lines = diagnosis.steps.map(({ name, verdict, detail, section }) => {
        const [style, mark] = marks[verdict];
        return `${terminal.paint(style, mark.padEnd(8), 'stdout')} ${name}: ${detail}${section === null ? '' : ` [${section}]`}`;
      });
      terminal.data([shown(diagnosis.url), ...lines].join('\n'));
    }
    const sound = diagnosis.steps.every(({ verdict }) => verdict !== 'missing' && verdict !== 'wrong');
    return sound ? exitCodes.ok : exitCodes.failure;
  },
});
