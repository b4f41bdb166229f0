// A command line with a made-up broker behind its socket, for one test.
import { listenControl } from '../../main/control/socket.ts';
import { fakeBroker } from '../control/fake-broker/fake-broker.ts';
import type { FakeBroker } from '../control/fake-broker/fake-broker.ts';
import { silent } from '../support/silent.ts';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

export interface Cli {
  readonly profile: Profile;
  readonly fake: FakeBroker;
  /** Runs a command to its end; words are parted by spaces. */
  tokentray(args: string, options?: Parameters<typeof runToEnd>[2]): ReturnType<typeof runToEnd>;
  /** Runs a command that waits for something. */
  start(args: string): Run;
  close(): Promise<void>;
}

/** The broker has one server, `linear`, which nobody is signed in to. */
export async function openCli(): Promise<Cli> {
  const profile = makeProfile();
  const fake = fakeBroker();
  const left: Run[] = [];
  const control = await listenControl({
    path: profile.controlSocket,
    deps: fake.deps,
    onStdio: () => undefined,
    log: silent,
  });
  await fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  fake.calls.length = 0;
  return {
    profile,
    fake,
    tokentray: (args, options = {}) => runToEnd(profile, args.split(' ').filter(Boolean), options),
    start(args) {
      const running = run(profile, args.split(' '));
      left.push(running);
      return running;
    },
    async close() {
      for (const { child } of left) child.kill('SIGKILL');
      await control.close();
      profile.remove();
    },
  };
}
