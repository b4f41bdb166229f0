// Words of agents and servers as a person may see them: cut, and with everything spelled out that cannot be seen or misleads the eye.

// Controls, formats (bidirectional ones among them), lone surrogates, separators of lines, and what is drawn as nothing.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Letters of every script need fewer; a tower of them climbs over the lines above. */
const towers = /(\p{M}{6})(\p{M}+)/gu;

const spelled = (char: string): string =>
  Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/** One line of at most `limit` characters and a few escapes. Markup stays text: whoever shows it escapes it. */
export function plainText(text: string, limit = 200): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return harmless(cut);
}

/** As `plainText`, uncut and with its line breaks. */
export const plainLines = (text: string): string => text.split('\n').map(harmless).join('\n');

function harmless(line: string): string {
  const seen = line.replaceAll(unseen, spelled);
  return seen.replaceAll(
    towers,
    (_all, base: string, tower: string) => `${base}${Array.from(tower, spelled).join('')}`,
  );
}
