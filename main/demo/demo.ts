// The demo as a person sees it: one press adds a server to try things out with, another takes it away again.
import type { Demo } from '../../preload/contract.ts';
import type { DemoHost } from '../control/deps.ts';
import type { Servers } from '../control/servers.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { Clock, Log } from '../ports.ts';
import type { Store } from '../store/types.ts';
import { startDemoServer, type DemoServer } from './server.ts';

export interface DemoParts {
  readonly grants: Pick<GrantsOfUser, 'revoke'>;
  readonly servers: Pick<Servers, 'add' | 'forget'>;
  readonly store: Pick<Store, 'servers' | 'settings'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (demo: Demo) => void;
  readonly port?: number;
}

export interface RunningDemo extends DemoHost {
  /** Serves again what was added before this broker started; its people sign in anew, for it keeps nothing. */
  resume(): Promise<void>;
  /** Frees the port; the server stays listed. */
  close(): Promise<void>;
}

/** Two above the bridge's. */
const defaultDemoPort = 18_731;
/** Where it was last, so that the server's address stays right. */
const portSetting = 'demo-port';
const names = ['demo', 'tokentray-demo', ...Array.from({ length: 20 }, (_, at) => `tokentray-demo-${at + 2}`)];

export function createDemo(parts: DemoParts): RunningDemo {
  const { store, servers, grants, clock, log } = parts;
  let server: DemoServer | null = null;
  // One after the other: two presses are one demo.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  const nameOf = (url: string): string | null => store.servers.list().find((row) => row.url === url)?.name ?? null;
  const state = (): Demo => {
    const name = server === null ? null : nameOf(server.url);
    return server === null || name === null ? { kind: 'off' } : { kind: 'on', server: name, url: server.url };
  };
  const lastPort = (): number | null => {
    const text = store.settings.get(portSetting) ?? '';
    return /^\d{1,5}$/u.test(text) ? Number(text) : null;
  };
  const end = async (): Promise<void> => {
    await server?.close();
    server = null;
  };

  return {
    state,
    start: () =>
      inTurn(async () => {
        server ??= await startDemoServer({ preferredPort: lastPort() ?? parts.port ?? defaultDemoPort, clock, log });
        store.settings.set(portSetting, String(server.port));
        if (nameOf(server.url) === null) {
          const name = names.find((each) => store.servers.get(each) === null) ?? `demo-${clock.now()}`;
          await servers.add({ name, url: server.url });
        }
        parts.onChange(state());
        return state();
      }),
    stop: () =>
      inTurn(async () => {
        const name = server === null ? null : nameOf(server.url);
        if (name !== null) {
          await grants.revoke(name);
          await servers.forget(name);
        }
        await end();
        store.settings.set(portSetting, '');
        parts.onChange(state());
        return state();
      }),
    resume: () =>
      inTurn(async () => {
        const port = lastPort();
        if (server !== null || port === null || nameOf(`http://127.0.0.1:${port}/mcp`) === null) return;
        server = await startDemoServer({ preferredPort: port, clock, log });
        if (server.port === port) return;
        // Another program has its port now: the listed address leads there, so nothing of ours is behind it.
        log.warn('the demo’s port is taken; start the demo anew', { port });
        await end();
      }),
    close: () => inTurn(end),
  };
}
