// Secrets for the life of this process: what is left when there is no keychain, and never mistaken for more.
import type { SecretRef, SecretStore } from '../ports.ts';
import type { Secret } from '../secret.ts';
import { printableLabel, secretKey } from './item-name.ts';

export function memoryVault(): SecretStore {
  const held = new Map<string, { ref: SecretRef; value: Secret }>();
  return {
    kind: 'memory',
    persistent: false,
    read: async (ref) => held.get(secretKey(ref))?.value ?? null,
    write: async (ref, value) => {
      held.set(secretKey(ref), { ref: { kind: ref.kind, id: ref.id, label: printableLabel(ref.label) }, value });
    },
    delete: async (ref) => held.delete(secretKey(ref)),
    list: async () => Array.from(held.values(), ({ ref }) => ref),
  };
}
