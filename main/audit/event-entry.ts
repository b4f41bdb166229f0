// An event of a grant's or an agent's history, as the audit has it: the same kind, with the account and the agent beside.
import type { EventRow, Store } from '../store/types.ts';
import type { AuditInput } from './types.ts';

/** @param store where the event's grant is looked up, for its account */
export function eventEntry(event: EventRow, store: Pick<Store, 'grants'>): AuditInput {
  const { agent, account, ...rest } = event.detail;
  return {
    kind: event.kind,
    server: event.server,
    account: typeof account === 'string' ? account : accountOf(event.grantId, store),
    agent: typeof agent === 'string' ? agent : null,
    detail: event.grantId === null ? rest : { grant: event.grantId, ...rest },
  };
}

/** A grant that is gone by now has none: the event is what counts. */
function accountOf(grantId: string | null, { grants }: Pick<Store, 'grants'>): string | null {
  try {
    return grantId === null ? null : (grants.get(grantId)?.account ?? null);
  } catch {
    return null;
  }
}
