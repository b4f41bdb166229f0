// `tokentray serve`: the broker in the foreground, until Ctrl-C.
import { hostFlags, hostOptions } from '../../control/host-options.ts';
import type { Ready } from '../../host.ts';
import { secret } from '../../secret.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const command = defineCommand({
  name: 'serve',
  summary: 'Run the broker in the foreground',
  usage: ['serve [options]'],
  about: `Other commands start a broker by themselves; this one shows what it does. Its log goes to stderr and to the log file.
With --json one line on stdout says when it is up. TOKENTRAY_HOME puts all of its files under one folder.`,
  examples: ['tokentray serve --port 8427', 'tokentray serve --vault passphrase-file'],
  options: hostFlags,
  words: [0, 0],
  exits: [0, 1, 2, 5],
  async run({ values, session: { terminal, env, json } }) {
    const options = hostOptions(values, env);
    // Only here: the broker's parts take longer to load than most commands to run.
    const { runHeadless } = await import('../../headless.ts');
    await runHeadless({
      options,
      foreground: true,
      async askPassphrase() {
        const answer = await terminal.hidden('Passphrase of the vault: ');
        return answer === null ? null : secret(answer);
      },
      onReady(ready) {
        if (json) terminal.data(JSON.stringify(ready));
        else for (const line of upWords(ready)) terminal.say(line);
      },
    });
    return exitCodes.ok;
  },
});

/** What is not as it usually is comes first: the last line is the one that stays in sight. */
function upWords({ bridge, vault, vaultReason, locked, approvals }: Ready): string[] {
  return [
    ...(vaultReason === null ? [] : [vaultReason]),
    ...(locked ? ['It is locked: no agent reaches a server. Unlock it: tokentray unlock'] : []),
    ...(approvals === 'off' ? ['Approvals are off: agents use every server without anybody being asked.'] : []),
    `The broker is up: ${bridge}. Vault: ${vault}. Ctrl-C stops it.`,
  ];
}
