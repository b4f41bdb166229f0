// Which names a person would take for one another: in another case, width or script, with an accent more, or with a 1 for an l.
import { foldedText } from './tool-name.ts';

/** Latin letters and what other scripts draw (nearly) the same. Too much here costs somebody another name; too little, a mix-up. */
const drawn: readonly (readonly [latin: string, others: string])[] = [
  ['a', 'аαɑᴀⲁ'],
  ['b', 'вьβЬʙɓƀᏏᖯ'],
  ['c', 'сϲᴄⲥƈ'],
  ['d', 'ԁđɗᴅ'],
  ['e', 'еєεɛᴇҽ'],
  ['f', 'ƒꜰ'],
  ['g', 'ɡցɢɠԍ'],
  ['h', 'һհнʜħ'],
  ['i', 'іιɩɪıⲓӀᎥ'],
  ['j', 'јϳյᴊ'],
  ['k', 'кκᴋⲕƙ'],
  ['l', '1I|ӏǀʟłɫΙІⲒߊ'],
  ['m', 'мᴍɱ'],
  ['n', 'пηոռɴŋɲ'],
  ['o', '0оοσօᴏⲟøɵס'],
  ['p', 'рρᴘⲣƥ'],
  ['q', 'ԛզ'],
  ['r', 'гʀɾⲅ'],
  ['s', 'ѕꜱʂ'],
  ['t', 'тτᴛŧƭ'],
  ['u', 'υսʋᴜμ'],
  ['v', 'ѵνᴠ'],
  ['w', 'ԝωᴡա'],
  ['x', 'хχ'],
  ['y', 'уүγʏƴ'],
  ['z', 'ᴢʐ'],
  ['A', 'АΑꓮᎪ'],
  ['B', 'ВΒꓐᏴ'],
  ['C', 'СϹꓚᏟⲤ'],
  ['D', 'ꓓᎠ'],
  ['E', 'ЕΕꓰᎬ'],
  ['F', 'ꓝϜ'],
  ['G', 'Ԍꓖ'],
  ['H', 'НΗꓧᎻⲎҺ'],
  ['J', 'ЈꓙᎫ'],
  ['K', 'КΚꓗᏦⲔ'],
  ['L', 'ꓡᏞԼ'],
  ['M', 'МΜꓟᎷⲘ'],
  ['N', 'ΝꓠⲚ'],
  ['O', 'ОΟՕꓳⲞØ'],
  ['P', 'РΡꓑᏢⲢ'],
  ['Q', 'Ԛ'],
  ['R', 'ꓣᎡᏒ'],
  ['S', 'ЅՏꓢᏚ'],
  ['T', 'ТΤꓔᎢⲦ'],
  ['U', 'Սꓴ'],
  ['V', 'ѴꓦᏙ'],
  ['W', 'ԜꓪᎳ'],
  ['X', 'ХΧꓫⲬ'],
  ['Y', 'ҮΥꓬ'],
  ['Z', 'ΖꓜᏃ'],
  ['-', '‐‑‒–—―−'],
];

const latin: ReadonlyMap<string, string> = new Map(
  drawn.flatMap(([letter, others]) => Array.from(others, (other) => [other, letter] as const)),
);

/** Of Latin, Greek and Cyrillic letters. In other scripts a mark is a vowel, and tells two words apart. */
const accents = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/gu;
const plain = /^[\u0020-\u007e]*$/u;

const asLatin = (text: string): string =>
  plain.test(text)
    ? text.replaceAll(/[01I|]/gu, (char) => latin.get(char) ?? char)
    : Array.from(text.normalize('NFD').replaceAll(accents, ''), (char) => latin.get(char) ?? char).join('');

/** Letters that run into one another. */
const together = (text: string): string =>
  text.replaceAll('rn', 'm').replaceAll('vv', 'w').replaceAll(/\s+/gu, ' ').trim();

const shapeOf = (text: string): string => together(asLatin(foldedText(text)));

/**
 * What a name can be taken for; two names that share one of these look alike. Once by its letters whatever their case, once as
 * it is drawn: a capital eta is an H, and a small one an n.
 */
export const looksOf = (name: string): readonly string[] => [...new Set([shapeOf(name), shapeOf(asLatin(name))])];

/** The first of `others` that looks like `name`. */
export function lookAlike(name: string, others: Iterable<string>): string | null {
  const looks = new Set(looksOf(name));
  for (const other of others) if (looksOf(other).some((look) => looks.has(look))) return other;
  return null;
}
