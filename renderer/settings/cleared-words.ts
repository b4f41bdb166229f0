// What Clear everything did, in words: the whole, and the fate of each server. Pure.
import type { ContractOutputs } from '../../preload/contract.ts';
import { counted } from '../words/counted.ts';
import { receiptWords } from '../server/receipt-words.ts';

export type Cleared = ContractOutputs['clearEverything'];
type ServerFate = Cleared['servers'][number];

interface Words {
  readonly tone: 'fine' | 'warn';
  readonly words: string;
}

/** One server: what its provider answered, and whether it is gone from here. `words` may hold text from outside. */
export function fateWords({ receipt, forgotten, error }: ServerFate): Words {
  if (!forgotten) return { tone: 'warn', words: error === null ? 'still here' : `still here: ${error}` };
  if (error !== null) return { tone: 'warn', words: `forgotten here, but: ${error}` };
  if (receipt === null) return { tone: 'fine', words: 'forgotten; there was no grant to revoke' };
  const { tone, headline } = receiptWords(receipt);
  return { tone, words: headline };
}

export function clearedWords({ servers }: Cleared): { tone: 'fine' | 'warn'; headline: string; advice: string | null } {
  const here = servers.filter((server) => !server.forgotten).length;
  if (here > 0) {
    return {
      tone: 'warn',
      headline: `${counted(here, 'server')} could not be cleared and ${here === 1 ? 'is' : 'are'} still here`,
      advice: 'Everything else is gone. Clear everything once more when what is named below is mended.',
    };
  }
  const open = servers.filter((server) => fateWords(server).tone === 'warn').length;
  if (open > 0) {
    return {
      tone: 'warn',
      headline: `Everything is gone from here, but ${open === 1 ? 'one provider' : `${open} providers`} did not confirm it`,
      advice: 'To be sure, end the access in your account at each provider that is marked below.',
    };
  }
  return { tone: 'fine', headline: 'Everything is cleared', advice: null };
}
