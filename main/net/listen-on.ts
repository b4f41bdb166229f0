// A place to listen on this machine: the preferred port, else a free one. Only the address 127.0.0.1, only for this process.
import type { Server } from 'node:net';
import { TokentrayError } from '../errors.ts';

/** The address and not the name: what `localhost` means is for a resolver to decide. */
export const loopbackAddress = '127.0.0.1';

export interface Listening {
  readonly port: number;
  /** False: the preferred port was not to be had. */
  readonly onPreferredPort: boolean;
}

export interface Wish {
  readonly preferredPort: number;
  /** Who wants to listen, for the error: `the bridge`. */
  readonly who: string;
  /** What fails without it: `start the HTTP bridge`. */
  readonly attempted: string;
  readonly advice?: string;
}

/** @throws port_taken when not even a free port can be had */
export async function listenOn(server: Server, wish: Wish): Promise<Listening> {
  const { preferredPort, who, attempted, advice } = wish;
  let onPreferredPort = true;
  try {
    await bind(server, preferredPort).catch((cause: unknown) => {
      if (!isTaken(cause)) throw cause;
      onPreferredPort = false;
      return bind(server, 0);
    });
  } catch (cause) {
    throw new TokentrayError('port_taken', `${who} cannot listen on ${loopbackAddress}:${preferredPort}`, {
      attempted,
      ...(advice === undefined ? {} : { advice }),
      cause,
    });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TokentrayError('internal', `${who} has no port`);
  return { port: address.port, onPreferredPort };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: loopbackAddress, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Windows answers EACCES for ports inside ranges that it keeps for itself. */
const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
