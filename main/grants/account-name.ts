// What an account may be called: a word of the person's own, which lists, shells and keychains can show without misleading.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

const shape = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@+-]{0,63}$/u;
// Fillers count as letters, and show nothing.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** The same name, however it was typed. */
export const normaliseAccount = (name: string): string => name.normalize('NFC').trim();

/** A name for a new account. @throws invalid_input */
export function checkedAccount(name: string): string {
  const clean = normaliseAccount(name);
  if (shape.test(clean) && !unseen.test(clean)) return clean;
  throw new TokentrayError('invalid_input', `${quote(clean, 80)} cannot be the name of an account`, {
    attempted: 'name the account',
    advice: 'Use 1 to 64 letters, digits, spaces or . _ @ + - and start with a letter or digit.',
  });
}
