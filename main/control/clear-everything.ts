// Clear everything: each server is revoked and forgotten, then all else goes that is kept; and it is told what became of each.
import type { ContractOutputs } from '../../preload/contract.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { RevocationReceipt } from '../grants/types.ts';
import type { Log, SecretStore } from '../ports.ts';
import type { Store } from '../store/types.ts';
import type { Servers } from './servers.ts';

type Cleared = ContractOutputs['clearEverything'];

export interface ClearParts {
  readonly grants: Pick<GrantsOfUser, 'list' | 'revoke'>;
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
  const views = grants.list();
  for (const server of new Set(views.map((view) => view.server))) {
    const accounts = views.filter((view) => view.server === server).map(({ account }) => account);
    servers.push(...(await clearServer(parts, server, accounts)));
  }
  const allGone = servers.every(({ forgotten }) => forgotten);
  const vaultItems = allGone ? await emptyVault(parts) : 0;
  return store.transaction(() => {
    if (allGone) store.registrations.drop();
    store.settings.drop();
    store.issued.drop();
    const documents = store.documents.drop();
    return { servers, vaultItems, documents, agents: store.agents.drop(), events: store.events.drop() };
  });
}

/** Every account is revoked before the server goes; with one that could not be, it stays. */
async function clearServer(
  { grants, servers, log }: ClearParts,
  server: string,
  accounts: readonly string[],
): Promise<Cleared['servers']> {
  const receipts = new Map<string, RevocationReceipt>();
  const all = (forgotten: boolean, error: string | null): Cleared['servers'] =>
    accounts.map((account) => ({ server, account, receipt: receipts.get(account) ?? null, forgotten, error }));
  try {
    // Whatever the provider answers is in the receipt; only what could not be done here throws.
    for (const account of accounts) receipts.set(account, await grants.revoke(server, account));
    await servers.forget(server);
    return all(true, null);
  } catch (cause) {
    log.warn('a server could not be cleared', { server, cause });
    return all(false, cause instanceof Error ? cause.message.slice(0, 4_096) : 'unknown failure');
  }
}

/** What is left then: secrets of registrations, and of grants that the database had lost. */
async function emptyVault({ vault, log }: ClearParts): Promise<number> {
  let deleted = 0;
  for (const item of await vault.list()) {
    // The audit stays, and so does what it is verified with: nobody empties it, its rows go when they are old.
    if (item.kind === 'audit') continue;
    try {
      if (await vault.delete(item)) deleted += 1;
    } catch (cause) {
      log.warn('an item of the vault could not be deleted', { item: item.label, cause });
    }
  }
  return deleted;
}
