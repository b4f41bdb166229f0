// `tokentray revoke`: ends a grant at the authorization server, and says truly whether that worked.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { receiptWords } from '../words.ts';

export const command = defineCommand({
  name: 'revoke',
  summary: 'End a grant at the authorization server and forget its tokens',
  usage: ['revoke <server> [--account <name>]'],
  about: 'Asks for refresh and access token to be revoked (RFC 7009) and forgets both, whatever the answer is.',
  examples: ['tokentray revoke linear'],
  options: {
    account: { type: 'string', value: 'name', help: 'Which of several accounts; the default one if not said' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4, 8],
  async run({ words: [server = ''], values: { account }, session }) {
    const { terminal, json } = session;
    const broker = await session.broker();
    const receipt = await terminal.working(
      'Revoking',
      broker.revoke({ server, ...(account === undefined ? {} : { account }) }),
    );
    if (json) terminal.data(JSON.stringify(receipt));
    else terminal.data(receiptWords(receipt).join('\n'));
    // Nothing held, nothing left to confirm.
    const settled = receipt.tokens.every(({ outcome }) => outcome.kind === 'revoked' || outcome.kind === 'not-held');
    return settled ? exitCodes.ok : exitCodes.onlyForgottenHere;
  },
});
