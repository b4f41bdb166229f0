// A person's word that a grant is revoked, from that moment until its provider has answered: it lends nothing, and that is told once.
import type { Clock } from '../ports.ts';
import type { GrantState } from './types.ts';

export const revokedHere = 'revoked-here';

interface BeingRevoked {
  /** Null: it is not. */
  since(): number | null;
  /** Whether telling of this state would say the same once more. */
  isTold(state: GrantState): boolean;
  /** @param isHeld whether there is anything to revoke. Rejects as `work` does: then the grant goes on. */
  during<T>(isHeld: boolean, work: () => Promise<T>): Promise<T>;
}

interface Surroundings {
  readonly clock: Pick<Clock, 'now'>;
  readonly changed: () => void;
  /** Whether something else keeps the grant from being used. */
  readonly isOver: () => boolean;
}

export function beingRevoked({ clock, changed, isOver }: Surroundings): BeingRevoked {
  let since: number | null = null;
  let told = false;
  return {
    since: () => since,
    isTold(state) {
      const isRevoked = since !== null && state.kind === 'needs-sign-in';
      const before = told;
      told = isRevoked;
      return isRevoked && before;
    },
    async during(isHeld, work) {
      const isFirst = isHeld && since === null;
      if (isFirst) {
        since = clock.now();
        changed();
      }
      try {
        return await work();
      } finally {
        if (isFirst) {
          since = null;
          // Where the vault did not give what to revoke, the grant goes on, and says so.
          if (!isOver()) changed();
        }
      }
    },
  };
}
