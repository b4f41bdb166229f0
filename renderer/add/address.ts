// What a person pastes as a server's address, made into one, or told what is wrong with it. Pure.

export type Address =
  | { readonly kind: 'empty' }
  | { readonly kind: 'wrong'; readonly why: string }
  /** `plainHttp`: not encrypted and not on this machine, so the person has to accept it. */
  | { readonly kind: 'good'; readonly url: string; readonly plainHttp: boolean };

/** `mcp.example/mcp` is meant as https; a name of this machine as http. */
export function readAddress(text: string): Address {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//iu.test(trimmed) ? trimmed : `${guessedScheme(trimmed)}://${trimmed}`;
  if (/\s/u.test(withScheme) || !URL.canParse(withScheme)) return { kind: 'wrong', why: 'This is no web address.' };
  const url = new URL(withScheme);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { kind: 'wrong', why: 'A remote MCP server has an address that begins with https://.' };
  }
  if (url.username !== '' || url.password !== '') {
    return { kind: 'wrong', why: 'Leave the user name and password out: Tokentray signs in for you.' };
  }
  return { kind: 'good', url: url.href, plainHttp: url.protocol === 'http:' && !isLocal(url.hostname) };
}

const isLocal = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\]|.+\.localhost)$/iu.test(host);

function guessedScheme(text: string): 'http' | 'https' {
  return isLocal(/^\[[^\]]*\]|^[^:/?#]*/u.exec(text)?.[0] ?? '') ? 'http' : 'https';
}
