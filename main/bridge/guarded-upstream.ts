// A server as one agent may use it: nothing is sent to it for an agent that was shut out, and it counts as ready only
// for an agent that is allowed.
import type { Guard } from '../access/types.ts';
import type { Fetch } from '../ports.ts';
import { Admissions } from './admissions.ts';
import type { GuardedUpstream, Upstream } from './relay/types.ts';
import { until } from './until.ts';

export function guarded(base: Upstream, guard: Guard): GuardedUpstream {
  const { clock } = base;
  const admissions = new Admissions(guard, clock);
  let wanting = false;
  return {
    ...base,
    base,
    guard,
    admissions,
    fetch: whileAllowed(guard.ended, base.fetch),
    eventStreamFetch: () => whileAllowed(guard.ended, base.eventStreamFetch()),
    access: {
      open: () => guard.open() && base.signIn.ready(),
      onOpen(listener) {
        let allowed = guard.open();
        const offGuard = guard.onChange(() => {
          const is = guard.open();
          if (is && !allowed && base.signIn.ready()) listener();
          allowed = is;
        });
        const offReady = base.signIn.onReady(() => {
          if (guard.open()) listener();
        });
        return () => {
          offGuard();
          offReady();
        };
      },
      want(method, params) {
        // One at a time: whoever is asked about needs no second one to be asked about.
        if (wanting || guard.ended.aborted) return;
        wanting = true;
        admissions
          .admit({ method, params, bytes: 0 }, { signal: guard.ended })
          .then(
            (admission) => admission.finished({ outcome: 'cancelled', bytes: 0 }),
            // Nobody waits for it: what the person says shows in `open`.
            () => undefined,
          )
          .finally(() => {
            wanting = false;
          });
      },
    },
  };
}

/** Null: nobody in particular uses it. */
export const admissionsOf = (upstream: Upstream): Admissions | null =>
  (upstream as Partial<GuardedUpstream>).admissions ?? null;

/** The fetch until the agent is shut out. Ending a session with the server lends nothing, and it would be kept there. */
const whileAllowed = (ended: AbortSignal, fetch: Fetch): Fetch => {
  const ending = until(ended, fetch);
  return (input, init) => (init?.method === 'DELETE' ? fetch(input, init) : ending(input, init));
};
