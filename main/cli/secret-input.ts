// Secrets that a person hands over: from a file or from stdin, never from the command line.
import { readFileSync } from 'node:fs';
import { UsageError } from './command.ts';
import type { Terminal } from './terminal.ts';

const limit = 65_536;

/** The file's text without the newline that editors put at its end. @throws UsageError */
export function readSecretFile(file: string, option: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return checked(text, option);
}

/** Asked without echo on a terminal, else all that stdin holds. @throws UsageError */
export async function readSecretStdin(terminal: Terminal, what: string): Promise<string> {
  const text = (await terminal.hidden(`Type ${what}: `)) ?? (await terminal.readAll(limit + 1));
  return checked(text, what);
}

function checked(text: string, what: string): string {
  const value = text.replace(/\r?\n$/u, '');
  if (value === '') throw new UsageError(`${what} is empty`);
  if (value.length > limit) throw new UsageError(`${what} is longer than ${limit} characters`);
  return value;
}
