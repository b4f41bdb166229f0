// Clear everything: each server is revoked and forgotten, then all else goes that is kept; and it is told what became of each.
import type { ContractOutputs } from '../../preload/contract.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { RevocationReceipt } from '../grants/types.ts';
import type { Log, SecretStore } from '../ports.ts';
import type { Store } from '../store/types.ts';
import type { Servers } from './servers.ts';

type Cleared = ContractOutputs['clearEverything'];

export interface ClearParts {
  readonly grants: Pick<GrantsOfUser, 'list' | 'revoke' | 'clearCache'>;
  readonly servers: Pick<Servers, 'forget'>;
  readonly store: Store;
  readonly vault: Pick<SecretStore, 'list' | 'delete'>;
  readonly log: Log;
}

/**
 * One server that cannot be cleared does not keep the others: it stays, whole, and says why. As long as one stays, so do the
 * clients that it was registered with.
 */
export async function clearEverything(parts: ClearParts): Promise<Cleared> {
  const { grants, store } = parts;
  const servers: Cleared['servers'] = [];
  for (const { server } of grants.list()) servers.push(await clearServer(parts, server));
  const allGone = servers.every(({ forgotten }) => forgotten);
  const { documents } = await grants.clearCache();
  const vaultItems = allGone ? await emptyVault(parts) : 0;
  return store.transaction(() => {
    if (allGone) store.registrations.drop();
    store.settings.drop();
    return { servers, vaultItems, documents, agents: store.agents.drop(), events: store.events.drop() };
  });
}

async function clearServer({ grants, servers, log }: ClearParts, server: string): Promise<Cleared['servers'][number]> {
  let receipt: RevocationReceipt | null = null;
  try {
    // Whatever the provider answers is in the receipt; only what could not be done here throws.
    receipt = await grants.revoke(server);
    await servers.forget(server);
    return { server, receipt, forgotten: true, error: null };
  } catch (cause) {
    log.warn('a server could not be cleared', { server, cause });
    const error = cause instanceof Error ? cause.message.slice(0, 4_096) : 'unknown failure';
    return { server, receipt, forgotten: false, error };
  }
}

/** What is left then: secrets of registrations, and of grants that the database had lost. */
async function emptyVault({ vault, log }: ClearParts): Promise<number> {
  let deleted = 0;
  for (const item of await vault.list()) {
    try {
      if (await vault.delete(item)) deleted += 1;
    } catch (cause) {
      log.warn('an item of the vault could not be deleted', { item: item.label, cause });
    }
  }
  return deleted;
}
