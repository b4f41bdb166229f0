// What Clear everything did, in words: the whole by servers and accounts, and the fate of each account. Pure.
import type { ContractOutputs } from '../../preload/contract.ts';
import { counted } from '../words/counted.ts';
import { receiptWords } from '../server/receipt-words.ts';

export type Cleared = ContractOutputs['clearEverything'];
/** Of one account of a server. */
type AccountFate = Cleared['servers'][number];

interface Words {
  readonly tone: 'fine' | 'warn';
  readonly words: string;
}

/** One account: what its provider answered, and whether it is gone from here. `words` may hold text from outside. */
export function fateWords({ receipt, forgotten, error }: AccountFate): Words {
  if (!forgotten) return { tone: 'warn', words: error === null ? 'still here' : `still here: ${error}` };
  if (error !== null) return { tone: 'warn', words: `forgotten here, but: ${error}` };
  if (receipt === null) return { tone: 'fine', words: 'forgotten; there was no grant to revoke' };
  const { tone, headline } = receiptWords(receipt);
  return { tone, words: headline };
}

export function clearedWords({ servers }: Cleared): { tone: 'fine' | 'warn'; headline: string; advice: string | null } {
  const here = servers.filter((one) => !one.forgotten);
  if (here.length > 0) {
    const count = new Set(here.map(({ server }) => server)).size;
    const accounts = here.length > count ? ` with ${counted(here.length, 'account')}` : '';
    return {
      tone: 'warn',
      headline: `${counted(count, 'server')}${accounts} could not be cleared and ${count === 1 ? 'is' : 'are'} still here`,
      advice: 'Everything else is gone. Clear everything once more when what is named below is mended.',
    };
  }
  const open = servers.filter((one) => fateWords(one).tone === 'warn');
  if (open.length > 0) {
    const providers = new Set(open.map(({ server, receipt }) => receipt?.issuer ?? server)).size;
    const accounts = open.length > providers ? ` for ${counted(open.length, 'account')}` : '';
    const who = providers === 1 ? 'one provider' : `${providers} providers`;
    return {
      tone: 'warn',
      headline: `Everything is gone from here, but ${who} did not confirm it${accounts}`,
      advice: 'To be sure, end the access in your account at each provider that is marked below.',
    };
  }
  return { tone: 'fine', headline: 'Everything is cleared', advice: null };
}
