// How much of agents' messages the relay may hold at once: it reads a message whole, so each one that is under way costs memory.
import { TokentrayError } from '../errors.ts';

/** The relay parses messages, so each must fit in memory; what is only forwarded has no such limit. */
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
