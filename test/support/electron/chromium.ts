// The app's end of the wire to Chromium. Who answers which call registers here, so that no part has to know the others.
import process from 'node:process';
import { wire } from './wire.ts';
import type { Answers, Asks, ToApp, ToChromium } from './wire.ts';

type Registered = { [N in keyof ToApp]?: Answers<ToApp>[N] };

const registered: Registered = {};
/** Calls that came before their part was there. */
const answer =
  <N extends keyof ToApp>(name: N) =>
  (input: ToApp[N][0]): unknown => {
    const known: ((input: ToApp[N][0]) => unknown) | undefined = registered[name];
    if (known === undefined) throw new Error(`the stand-in does not answer ${name}`);
    return known(input);
  };

export function answers<N extends keyof ToApp>(name: N, how: Answers<ToApp>[N]): void {
  Object.assign(registered, { [name]: how });
}

if (process.send === undefined)
  throw new Error('the stand-in for Electron is started by test/support/electron/launch.ts');

const names = [
  'request',
  'navigate',
  'open',
  'frames',
  'closing',
  'ipc',
  'port.message',
  'port.closed',
  'evaluate',
] as const;

export const chromium: Asks<ToChromium> = wire<ToChromium, ToApp>(
  {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, {}, () => undefined);
    },
    listen: (listener) => process.on('message', listener),
  },
  Object.fromEntries(names.map((name) => [name, answer(name)])) as unknown as Answers<ToApp>,
);

// Tests that died must not leave an app behind.
process.on('disconnect', () => process.exit(1));
