// Secrets for the life of this process: what is left when there is no keychain, and never mistaken for more.
import type { SecretRef } from '../ports.ts';
import type { Secret } from '../secret.ts';
import { printableLabel, secretKey } from './item-name.ts';
import { lockable } from './lockable.ts';
import type { LockableStore } from './lockable.ts';

/** Locked, it withholds what it has: nowhere else could it be taken from again. Only `discard` removes it. */
export function memoryVault(): LockableStore {
  const held = new Map<string, { ref: SecretRef; value: Secret }>();
  return lockable(
    {
      kind: 'memory',
      persistent: false,
      read: async (ref) => held.get(secretKey(ref))?.value ?? null,
      write: async (ref, value) => {
        held.set(secretKey(ref), { ref: { kind: ref.kind, id: ref.id, label: printableLabel(ref.label) }, value });
      },
      delete: async (ref) => held.delete(secretKey(ref)),
      list: async () => Array.from(held.values(), ({ ref }) => ref),
    },
    {
      needsPassphrase: false,
      leavesMemory: false,
      shut: () => undefined,
      open: () => undefined,
      discard() {
        // The audit's key opens nothing, and what led to this has to stay verifiable.
        let grants = 0;
        for (const [key, { ref }] of held) {
          if (ref.kind === 'grant') grants += 1;
          if (ref.kind !== 'audit') held.delete(key);
        }
        return grants;
      },
    },
  );
}
