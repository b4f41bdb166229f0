// Text that came from outside, made safe to show: quoted, cut, and free of control and direction-changing characters.

// C0/C1 controls, zero-width and bidirectional formatting characters, line separators.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** `value` as one quoted line of at most `limit` characters; JSON's escapes stand for everything invisible. */
export function quote(value: unknown, limit = 200): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return JSON.stringify(cut).replace(unsafe, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
