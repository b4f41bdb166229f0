// What a person types as a port: read, or refused in words. Pure.

export type PortInput =
  | { readonly kind: 'port'; /** Null: the usual one. */ readonly port: number | null }
  | { readonly kind: 'wrong'; readonly because: string };

const lowest = 1_024;
const highest = 65_535;

/** Nothing typed, or the usual port itself, is no choice: a later version may have another usual one. */
export function readPort(typed: string, usual: number): PortInput {
  const text = typed.trim();
  if (text === '') return { kind: 'port', port: null };
  if (!/^\d+$/u.test(text)) return { kind: 'wrong', because: 'A port is a number.' };
  const port = Number(text);
  if (port < lowest)
    return { kind: 'wrong', because: `A port is at least ${lowest}: those below belong to the system.` };
  if (port > highest) return { kind: 'wrong', because: `A port is at most ${highest}.` };
  return { kind: 'port', port: port === usual ? null : port };
}
