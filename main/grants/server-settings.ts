// What a server's settings are when the user says nothing, and what names and addresses may be added.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { ServerSettings } from '../store/types.ts';

export const defaultServerSettings: ServerSettings = {
  signIn: 'ask',
  flow: 'authorization_code',
  pinnedScopes: null,
  removedScopes: [],
  chosenIssuer: null,
  allowHttp: false,
  era: null,
};

const loopbackNames = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** @throws invalid_input, insecure_url */
export function checkedServer(name: string, url: string, settings: ServerSettings): { name: string; url: string } {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
    throw new TokentrayError('invalid_input', `${quote(name, 80)} is no name for a server`, {
      attempted: 'add the server',
      advice: 'Use lower-case letters, digits and dashes, at most 64 characters.',
    });
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (
    parsed === null ||
    !['http:', 'https:'].includes(parsed.protocol) ||
    parsed.username !== '' ||
    parsed.password !== ''
  ) {
    throw new TokentrayError('invalid_input', `${quote(url)} is no address of an MCP server`, {
      attempted: 'add the server',
      subject: name,
      advice: 'Give its https address, without a user name or password.',
    });
  }
  if (parsed.protocol === 'http:' && !settings.allowHttp && !loopbackNames.has(parsed.hostname)) {
    throw new TokentrayError(
      'insecure_url',
      `${parsed.origin} is not encrypted: anybody on the way could read the token`,
      {
        attempted: 'add the server',
        subject: name,
        advice: 'Use its https address, or add it with --allow-http if you accept that.',
      },
    );
  }
  parsed.hash = '';
  return { name, url: parsed.href };
}
