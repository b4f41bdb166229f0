// An agent's name in a command that is pasted into a shell: what may be a name, and written so that it stays one word. Pure.

/** As the broker has it: nothing in it means something inside double quotes, to a POSIX shell, PowerShell or cmd. */
export const isAgentName = (name: string): boolean =>
  /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@+-]{0,63}$/u.test(name.normalize('NFC'));

/** Null for what is no name: there is no command for it then. */
export function shellWord(name: string): string | null {
  if (!isAgentName(name)) return null;
  return name.includes(' ') ? `"${name}"` : name;
}
