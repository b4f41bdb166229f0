// The composition root: what is kept, what lends, what a person sees. Reads top to bottom, and ends in reverse.
import type { Duplex } from 'node:stream';
import type { Peer } from './access/evidence/peer.ts';
import { startLending } from './compose/lending.ts';
import type { BrokerOptions } from './compose/options.ts';
import { openRecords } from './compose/records.ts';
import { startSurfaces, type Surfaces } from './compose/surfaces.ts';
import type { StdioHello } from './control/stdio-protocol.ts';
import { createOutbound } from './net/outbound.ts';
import { watchForWake } from './wake.ts';

export interface Broker extends Pick<Surfaces, 'control' | 'ui'> {
  /** One shim's stream: newline-delimited JSON both ways. */
  onStdio(hello: StdioHello, stream: Duplex, peer: Peer | null): void;
  /** After wake or unlock: checks every grant's clock. */
  woke(): void;
  /** The machine's screen was locked. */
  screenLocked(): void;
  close(): Promise<void>;
}

/** @throws store_damaged, port_taken, invalid_input */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const outbound = createOutbound({
    log: options.log,
    env: options.env,
    ...(options.extraCaFiles === undefined ? {} : { extraCaFiles: options.extraCaFiles }),
  });
  const records = await openRecords(options);
  const lending = await startLending(options, records, outbound);
  const surfaces = await startSurfaces(options, records, outbound, lending);
  const woke = (): void => {
    lending.grants.woke();
    lending.lock.look();
  };
  // Where the host is told of a wake-up by the system it calls `woke` itself, sooner.
  const stopWatching = watchForWake(options.clock, woke);

  return {
    control: surfaces.control,
    ui: surfaces.ui,
    onStdio: lending.onStdio,
    woke,
    screenLocked: () => lending.lock.screenLocked(),
    async close() {
      stopWatching();
      await surfaces.close();
      await lending.close();
      await outbound.close();
      await records.close();
    },
  };
}
