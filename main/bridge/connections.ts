// How many connections the bridge holds, and who goes first: one that has not shown a key keeps nobody out.
import type { Server, Socket } from 'node:net';
import type { Log } from '../ports.ts';

export interface Connections {
  /** A known agent has spoken on it. */
  proven(socket: Socket): void;
}

/**
 * Lets in at most `most`. Any program on the machine can connect and say nothing, so when all places are taken the
 * newcomer gets that of whoever has been without a key for the longest; there is none to give among known agents.
 */
export function limitConnections(server: Server, most: number, log: Log): Connections {
  const open = new Set<Socket>();
  const unproven = new Set<Socket>();
  server.on('connection', (socket) => {
    const [oldest] = unproven;
    if (open.size >= most) {
      log.warn('too many connections to the bridge at once', { most });
      leave(oldest ?? socket);
      if (oldest === undefined) return;
    }
    open.add(socket);
    unproven.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      unproven.delete(socket);
    });
  });
  const leave = (socket: Socket): void => {
    // Closing takes a moment, its place is free at once.
    open.delete(socket);
    unproven.delete(socket);
    socket.destroy();
  };
  // Against a flood within one turn of the event loop, before any of them could be looked at.
  server.maxConnections = most * 2;
  return { proven: (socket) => void unproven.delete(socket) };
}
