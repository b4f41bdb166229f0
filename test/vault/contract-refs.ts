// Names and values that the vault tests share, free of the test runner so that a child process can use them.
import type { SecretRef, SecretStore } from '../../main/ports.ts';

export function refOf(id: string, label = `linear (mcp.linear.app) – refresh token`): SecretRef {
  return { kind: 'grant', id, label };
}

export async function reveal(store: SecretStore, ref: Pick<SecretRef, 'kind' | 'id'>): Promise<string | null> {
  return (await store.read(ref))?.reveal() ?? null;
}
