// Whose a session is that a server opened through the bridge: another agent that learnt its id does not get into it, nor does
// another account of the same one.

/** The oldest make room: after that, as after a restart, only who knows the id can use it. */
const mostSessions = 10_000;

export interface SessionOwners {
  /** @param owner agent and account */
  note(server: string, session: string, owner: string): void;
  /** Null: not known. */
  ownerOf(server: string, session: string): string | null;
}

export function sessionOwners(): SessionOwners {
  const owners = new Map<string, string>();
  return {
    note(server, session, owner) {
      const key = keyOf(server, session);
      if (owners.has(key)) return;
      const [oldest] = owners.keys();
      if (owners.size >= mostSessions && oldest !== undefined) owners.delete(oldest);
      owners.set(key, owner);
    },
    ownerOf: (server, session) => owners.get(keyOf(server, session)) ?? null,
  };
}

const keyOf = (server: string, session: string): string => `${server} ${session}`;
