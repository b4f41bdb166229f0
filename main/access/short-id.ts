// Names for prompts and approvals that a person can type: unguessable, without letters that look alike.
import { randomInt } from 'node:crypto';

// No 0, 1, i, l, o: 31 letters, and ten of them are 49 bits.
const letters = '23456789abcdefghjkmnpqrstuvwxyz';
const length = 10;

export const shortId = (): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
