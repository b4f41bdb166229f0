// Names: the letter and the hue of a server's icon, a good local name for an address, and text from outside made safe to read.

/** How many hues the design has; each is a class of its own, so that no style has to be written at run time. */
export const hueCount = 12;

/** The same name has the same hue everywhere. */
export function hueOf(name: string): number {
  let hash = 2_166_136_261;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 0) % hueCount;
}

/** The first letter or digit, upper-case; a dot for a name without one. */
export function letterOf(name: string): string {
  return (/[\p{L}\p{N}]/u.exec(name)?.[0] ?? '·').toUpperCase();
}

const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;

/** Text from outside on one line: controls, direction marks and other invisible characters become visible dots. */
export function plainText(text: string, longest = 2_000): string {
  const visible = text.replace(invisible, '·');
  return visible.length > longest ? `${visible.slice(0, longest)}…` : visible;
}

// As the broker has it: what cannot be seen or changes the direction, and the halves and blanks that look like nothing.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Text of several lines: what cannot be seen is spelled out as JSON would, line breaks stay. */
export function spelledLines(text: string): string {
  return text.replace(unseen, (char) => (char === '\n' ? char : spelled(char)));
}

const spelled = (char: string): string =>
  Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

const generic = new Set([
  'mcp',
  'api',
  'www',
  'app',
  'remote',
  'server',
  'sse',
  'com',
  'co',
  'org',
  'net',
  'io',
  'dev',
  'ai',
]);

/** `https://mcp.linear.app/mcp` → `linear`; a number follows where the name is taken. */
export function nameForAddress(url: string, taken: (name: string) => boolean = () => false): string {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const labels = /^[\d.]+$|^\[/u.test(host) ? [] : host.split('.');
  // The registrable part says whose it is; what stands in front of it is mostly `mcp`.
  const telling = labels.slice(0, Math.max(1, labels.length - 1)).filter((label) => !generic.has(label));
  const base =
    (telling.at(-1) ?? labels[0] ?? '')
      .toLowerCase()
      .replace(/[^a-z0-9-]+/gu, '-')
      .replace(/^-+|-+$/gu, '')
      .slice(0, 60) || 'server';
  if (!taken(base)) return base;
  let number = 2;
  while (taken(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}

/** What keeps a name from being one, in words; null when nothing does. */
export function nameProblem(name: string, taken: (name: string) => boolean): string | null {
  if (name === '') return 'Give it a name.';
  if (!/^[a-z0-9-]{1,64}$/u.test(name)) return 'Lower-case letters, digits and dashes only, at most 64.';
  return taken(name) ? 'You have a server of this name already.' : null;
}

/** The host of an address, for a line under the name; the text itself where it is none. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
