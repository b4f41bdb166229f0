// What an agent may be called: names that a person chose are checked, names that a program gave itself are made harmless.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { lookAlike, looksOf } from './look-alike.ts';

// What a person can read in a list and a shell can hold in quotes: no control, bidirectional or invisible characters.
const nameShape = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@+-]{0,63}$/u;

/** Characters; a prompt that shows a name must stay readable. */
export const longestName = 64;
/** Before anything is looked at: nothing that a person would read is longer. */
const longestLookedAt = 1_024;

export const normaliseName = (name: string): string => name.normalize('NFC').trim();

/** @throws invalid_input */
function checkName(name: string, attempted: string): string {
  const clean = normaliseName(name);
  if (nameShape.test(clean) && !invisible.test(clean)) return clean;
  throw new TokentrayError('invalid_input', `${quote(clean, 80)} cannot be the name of an agent`, {
    attempted,
    subject: quote(clean, 80),
    advice: 'Use 1 to 64 letters, digits, spaces or . _ @ + - and start with a letter or digit.',
  });
}

// Default_Ignorable_Code_Point: what Unicode says shows nothing, fillers that count as letters among it. U+2800 is blank too.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/u;
export const invisibles = new RegExp(invisible.source, 'gu');
const spaces = /[\p{Z}\t\n\v\f\r\u0085]+/gu;
/** Letters need one or two; a tower of them climbs over the lines above. */
const towers = /(\p{M}{2})\p{M}+/gu;

/**
 * A name that a program gave itself, as one short line that shows what it holds: text stays text, HTML too; what is invisible
 * or changes the direction goes. Null when nothing is left.
 */
export function cleanName(name: string | null): string | null {
  if (name === null) return null;
  const line = name
    .slice(0, longestLookedAt)
    .normalize('NFC')
    .replace(spaces, ' ')
    .replace(invisibles, '')
    .replace(towers, '$1')
    .replace(/ {2,}/gu, ' ')
    .trim();
  const cut = Array.from(line).slice(0, longestName).join('').trim();
  return cut === '' ? null : cut;
}

/** A name that a person gives, unlike all of `others`. @throws invalid_input, name_taken */
export function checkNewName(name: string, others: Iterable<string>, attempted: string): string {
  const clean = checkName(name, attempted);
  const other = lookAlike(clean, others);
  if (other === null) return clean;
  const because =
    other === clean
      ? `There is already an agent named ${quote(clean)}.`
      : `${quote(clean)} looks like ${quote(other)}, which is another agent.`;
  throw new TokentrayError('name_taken', because, {
    attempted,
    advice: 'Choose another name, or revoke the other agent first.',
  });
}

/** `wanted`, or "wanted 2", "wanted 3", … whichever looks like none of `taken`. */
export function uniqueName(wanted: string, taken: Iterable<string>): string {
  const looks = new Set(Array.from(taken, looksOf).flat());
  for (let n = 1; ; n += 1) {
    const ending = n === 1 ? '' : ` ${n}`;
    const name = `${Array.from(wanted)
      .slice(0, longestName - ending.length)
      .join('')}${ending}`;
    if (!looksOf(name).some((look) => looks.has(look))) return name;
  }
}
