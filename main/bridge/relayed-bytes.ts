// How much of agents' messages may be held at once: each is read as a whole before it goes on, so it costs memory.
import { TokentrayError } from '../errors.ts';

/** A message has to be understood before anything of it goes to a server, so it must fit in memory; answers stream. */
export const relayedBytes = 64 * 1024 * 1024;

/** Of all agents together. */
const mostHeld = 128 * 1024 * 1024;
/** One agent leaves room for the others. */
const mostHeldPerAgent = 64 * 1024 * 1024;

/** What one request takes of it. */
export interface Share {
  /** @throws overloaded */
  take(bytes: number): void;
  giveBack(): void;
}

export function relayedMemory(most = mostHeld, perAgent = mostHeldPerAgent): (agent: string) => Share {
  const held = new Map<string, number>();
  let all = 0;
  return (agent) => {
    let own = 0;
    const add = (bytes: number): void => {
      own += bytes;
      all += bytes;
      const ofAgent = (held.get(agent) ?? 0) + bytes;
      if (ofAgent === 0) held.delete(agent);
      else held.set(agent, ofAgent);
    };
    return {
      take(bytes) {
        if (all + bytes > most || (held.get(agent) ?? 0) + bytes > perAgent) {
          throw new TokentrayError('overloaded', 'too much is being sent through the bridge at once', {
            attempted: 'read the request',
            advice: 'Send the request again when others have been answered.',
          });
        }
        add(bytes);
      },
      giveBack: () => add(-own),
    };
  };
}
