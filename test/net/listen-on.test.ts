// What listens on this machine has the port that it asked for, or a free one and says so.
import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { listenOn, loopbackAddress } from '../../main/net/listen-on.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function server(): Server {
  const made = createServer();
  open.push(made);
  return made;
}
const wish = (preferredPort: number) => ({ preferredPort, who: 'the door', attempted: 'open the door' });

it('takes the preferred port, on the address 127.0.0.1 and no other', async () => {
  const first = server();
  const { port } = await listenOn(first, wish(0));
  expect(first.address()).toMatchObject({ address: loopbackAddress, port });
  await new Promise((resolve) => first.close(resolve));
  expect(await listenOn(server(), wish(port))).toEqual({ port, onPreferredPort: true });
});

it('takes a free port where the preferred one is taken, and says so', async () => {
  const { port } = await listenOn(server(), wish(0));
  const second = await listenOn(server(), wish(port));
  expect(second.onPreferredPort).toBe(false);
  expect(second.port).not.toBe(port);
});

it('says who wanted to listen where when nothing helps', async () => {
  const listening = server();
  await listenOn(listening, wish(0));
  // A server that listens already can't listen again.
  await expect(listenOn(listening, { ...wish(0), advice: 'Close it.' })).rejects.toMatchObject({
    code: 'port_taken',
    message: `the door cannot listen on ${loopbackAddress}:0`,
    attempted: 'open the door',
    advice: 'Close it.',
  });
});
