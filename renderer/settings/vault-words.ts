// Which vault is in use and what that means, in plain words. Pure.
import type { Status } from '../store/model.ts';

type Vault = Status['vault'];

export interface VaultWords {
  readonly name: string;
  readonly meaning: string;
  /** Something to do about it; null when it is as good as it gets. */
  readonly advice: { readonly words: string; readonly command: string } | null;
}

export function vaultWords({ kind, persistent }: Pick<Vault, 'kind' | 'persistent'>): VaultWords {
  switch (kind) {
    case 'keychain':
      return {
        name: 'The system’s keychain',
        meaning:
          'Refresh tokens and client secrets are kept by your operating system, locked with your login. They survive a restart and are in none of Tokentray’s files.',
        advice: null,
      };
    case 'passphrase-file':
      return {
        name: 'A file locked with your passphrase',
        meaning:
          'Refresh tokens and client secrets are in an encrypted file that only your passphrase opens. They survive a restart; without the passphrase nobody can read them, and neither can you.',
        advice: null,
      };
    case 'memory':
      return {
        name: 'Memory only',
        meaning: persistent
          ? 'Refresh tokens and client secrets are kept in memory.'
          : 'Refresh tokens and client secrets are in this process’s memory and nowhere else. When Tokentray ends, every sign-in is gone and you sign in again.',
        advice: {
          words:
            'To keep sign-ins, unlock or install the system’s keychain, or start the broker with an encrypted file:',
          command: 'tokentray serve --vault passphrase-file',
        },
      };
  }
}
