// The open question of an id that a person typed.
import type { Prompt } from '../../preload/contract-access.ts';
import type { ControlClient } from '../control/client.ts';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

/** @throws unknown_approval */
export async function openPrompt(broker: ControlClient, id: string): Promise<Prompt> {
  const { prompts } = await broker.approvals.list();
  const found = prompts.find((prompt) => prompt.id === id);
  if (found !== undefined) return found;
  throw new TokentrayError('unknown_approval', `no question is open under ${quote(id, 40)}`, {
    advice: 'It was answered, or is over. See what is open: tokentray approvals',
  });
}
