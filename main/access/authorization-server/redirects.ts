// Where the answer of a sign-in may be sent: this machine's loopback, a web address, or a program that is known by its scheme.

/**
 * Editors whose scheme is no domain name turned around, as RFC 8252 section 7.1 wants it. Any other short scheme may start
 * something that was never meant to be started by an address: `javascript:`, `ms-msdt:`, `ssh:`.
 */
const editors: ReadonlySet<string> = new Set([
  'vscode:', // https://code.visualstudio.com/api/references/vscode-api#env.uriScheme
  'vscode-insiders:',
  'vscodium:',
  'code-oss:',
  'cursor:', // https://cursor.com/docs/context/mcp
  'windsurf:',
  'trae:',
  'kiro:',
  'zed:', // https://zed.dev/docs
  'positron:',
  'claude:',
  'goose:',
  'raycast:',
  'warp:',
]);

/** `com.example.app:`, and not what a system keeps for itself (`x-apple.systempreferences:`). */
const turnedAround = /^[a-z]{2,24}(?:\.[a-z0-9][a-z0-9-]*)+:$/u;
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
const longest = 2_048;

/** Why it may not be used; null: it may. @param ownPort nothing is sent to the bridge itself */
export function redirectFault(redirectUri: string, ownPort: string): string | null {
  // A browser drops these and goes elsewhere than what was looked at.
  if (redirectUri.length > longest || /[\u0000-\u0020\u007f\\]/u.test(redirectUri)) return 'it is no address';
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : null;
  if (url === null) return 'it is no address';
  if (redirectUri.includes('#')) return 'it has a fragment (RFC 6749 section 3.1.2)';
  if (url.username !== '' || url.password !== '') return 'it has a user name or a password in it';
  switch (url.protocol) {
    case 'http:':
      if (!loopback.has(url.hostname)) return 'plain http is for this machine only';
      return url.port === ownPort ? 'it leads back to Tokentray' : null;
    case 'https:':
      return loopback.has(url.hostname) || url.hostname.endsWith('.localhost')
        ? 'https on this machine is not used'
        : null;
    default:
      return editors.has(url.protocol) || turnedAround.test(url.protocol)
        ? null
        : 'its scheme is not that of a program that is known';
  }
}
