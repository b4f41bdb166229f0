// The listeners that wait for callbacks: one for everybody where the port allows it, open only while a sign-in is under way.
import { openLoopback, type Loopback } from '../oauth/loopback.ts';
import type { GrantDeps } from './deps.ts';

export interface LoopbackLease {
  readonly loopback: Loopback;
  release(): Promise<void>;
}

export interface LoopbackHost {
  /**
   * A listener on the given port if that is free, else on another one. `exact` is for registrations whose server compares
   * redirect ports (RFC 8252 section 7.3 forbids that, some do it all the same). @throws port_taken when exact
   */
  lease(port: number, exact: boolean): Promise<LoopbackLease>;
}

export function loopbackHost(deps: GrantDeps): LoopbackHost {
  const open = new Map<number, { loopback: Promise<Loopback>; users: number }>();
  // A port is free only when its last listener is really gone.
  const closing = new Map<number, Promise<void>>();

  return {
    async lease(port, exact) {
      await closing.get(port);
      let entry = open.get(port);
      if (entry === undefined) {
        entry = {
          loopback: openLoopback({ preferredPort: port, exactPort: exact, log: deps.log, clock: deps.clock }),
          users: 0,
        };
        open.set(port, entry);
      }
      const leased = entry;
      leased.users += 1;
      const release = async (): Promise<void> => {
        leased.users -= 1;
        if (leased.users > 0) return;
        open.delete(port);
        const closed = leased.loopback.then((loopback) => loopback.close()).catch(() => undefined);
        closing.set(port, closed);
        await closed;
        if (closing.get(port) === closed) closing.delete(port);
      };
      try {
        return { loopback: await leased.loopback, release };
      } catch (error) {
        await release();
        throw error;
      }
    },
  };
}
