// A raw HTTP upgrade on the control socket, as the shim makes it, with what came back.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { helloHeader, stdioUpgrade } from '../../main/control/stdio-protocol.ts';

export interface Upgrade {
  readonly status: number;
  readonly socket: Socket;
  /** Everything after the head, as soon as it ends with `until`. */
  read(this: void, until: string): Promise<string>;
}

/** `early` is sent in one go with the head, as a fast agent's first message may be. */
export function createUpgrade(path: string, target: string, hello: object | null, early = ''): Promise<Upgrade> {
  const said = hello === null ? 'x' : Buffer.from(JSON.stringify(hello)).toString('base64url');
  const socket = connect(path);
  const head = [
    `GET ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    `Upgrade: ${stdioUpgrade}`,
    `${helloHeader}: ${said}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${early}`);
  let all = '';
  const checks = new Set<() => void>();
  socket.on('data', (chunk) => {
    all += chunk.toString();
    for (const check of checks) check();
  });
  socket.on('error', () => undefined);
  const when = (ready: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => void (ready() && resolve());
      checks.add(check);
      check();
    });
  const body = () => all.slice(all.indexOf('\r\n\r\n') + 4);
  return when(() => all.includes('\r\n\r\n')).then(() => ({
    status: Number(/^HTTP\/1.1 (\d+)/u.exec(all)?.[1]),
    socket,
    read: async (until) => {
      await when(() => body().endsWith(until));
      return body();
    },
  }));
}
