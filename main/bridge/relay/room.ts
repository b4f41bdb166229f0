// Who makes room when something is held for too many: an agent gives up what is its own before anybody else has to.

export interface RoomLimits {
  readonly all: number;
  readonly perAgent: number;
}

export type Room<K> =
  | { readonly kind: 'free' }
  | { readonly kind: 'instead'; readonly of: K }
  | { readonly kind: 'full' };

/**
 * What one more for `agent` costs. `held` is in the order of leaving, the first one first; what may not leave now stays
 * whoever asks. An agent that holds nothing, or less than others, takes the place of one of whoever holds most.
 */
export function roomFor<K, V extends { readonly agent: string }>(
  held: readonly (readonly [K, V])[],
  agent: string,
  limits: RoomLimits,
  mayLeave: (value: V) => boolean = () => true,
): Room<K> {
  const of = (who: string): (readonly [K, V])[] => held.filter(([, value]) => value.agent === who);
  const own = of(agent);
  if (held.length < limits.all && own.length < limits.perAgent) return { kind: 'free' };
  const greediest = [...new Set(held.map(([, value]) => value.agent))]
    .map((who) => of(who))
    .filter((theirs) => theirs.length > own.length)
    .sort((a, b) => b.length - a.length);
  const asked = own.length >= limits.perAgent ? [own] : [own, ...greediest];
  const leaving = asked.flat().find(([, value]) => mayLeave(value));
  return leaving === undefined ? { kind: 'full' } : { kind: 'instead', of: leaving[0] };
}
