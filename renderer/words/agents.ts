// Who uses a server, in words: the latest agent by name, the others by number.
import type { Use } from '../../preload/contract.ts';
import { plainText } from './names.ts';

/** @param uses the latest first */
export function agentsWords(uses: readonly Use[]): { readonly short: string; readonly full: string } {
  const names = [...new Set(uses.map((use) => plainText(use.agent, 60)))];
  const [first = 'no agent', ...others] = names;
  const short = others.length === 0 ? first : `${first} +${others.length}`;
  return { short, full: `Used by ${names.join(', ')}` };
}
