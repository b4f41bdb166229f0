// A control socket in a folder of its own for each test, with a fake broker behind it; everything ends with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { connectControl } from '../../main/control/client.ts';
import type { ControlConnection } from '../../main/control/client.ts';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer, ListenOptions } from '../../main/control/socket.ts';
import { TokentrayError } from '../../main/errors.ts';
import { silent } from '../support/silent.ts';
import { fakeBroker } from './fake-broker/fake-broker.ts';
import type { FakeBroker } from './fake-broker/fake-broker.ts';

export interface Place {
  readonly home: string;
  /** Of the socket: a file in `<home>/run`. */
  path: string;
  readonly fake: FakeBroker;
  /** What must end with the test, in reverse order. */
  readonly closers: (() => Promise<void>)[];
  listen(onStdio?: ListenOptions['onStdio']): Promise<ControlServer>;
  connect(): ControlConnection['client'];
}

/** The place of the test that runs; another one for each. */
export function placePerTest(): () => Place {
  let place: Place | null = null;
  beforeEach(() => {
    place = newPlace();
  });
  afterEach(async () => {
    for (const close of place?.closers.splice(0).toReversed() ?? []) await close();
    if (place !== null) rmSync(place.home, { recursive: true, force: true });
  });
  return () => {
    if (place === null) throw new Error('only a test has a place');
    return place;
  };
}

function newPlace(): Place {
  const home = mkdtempSync(join(tmpdir(), 'tt-control-'));
  const place: Place = {
    home,
    path: join(home, 'run', 'control.sock'),
    fake: fakeBroker(),
    closers: [],
    async listen(onStdio = () => undefined) {
      const server = await listenControl({ path: place.path, deps: place.fake.deps, onStdio, log: silent });
      place.closers.push(() => server.close());
      return server;
    },
    connect() {
      const connection = connectControl(place.path);
      place.closers.push(() => connection.close());
      return connection.client;
    },
  };
  return place;
}

export async function failure(work: Promise<unknown>): Promise<TokentrayError> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(TokentrayError);
  return error as TokentrayError;
}
