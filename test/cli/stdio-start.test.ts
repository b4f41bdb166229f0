// A broker that an agent's configuration brings up asks the person all the same: agents write those configurations themselves.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

let profile: Profile;
let shim: Run;

beforeEach(() => {
  profile = makeProfile();
});
afterEach(async () => {
  shim.child.kill('SIGKILL');
  await shim.end;
  const { out } = await runToEnd(profile, ['status', '--json']);
  process.kill((JSON.parse(out) as { pid: number }).pid, 'SIGTERM');
  profile.remove();
});

it('does not stop asking because the agent’s configuration says so', async () => {
  shim = run(profile, ['stdio', 'nowhere'], { env: { TOKENTRAY_APPROVALS: 'off' } });
  await shim.untilErr('no server named');
  const { out } = await runToEnd(profile, ['status', '--json']);
  expect(JSON.parse(out)).toMatchObject({ approvals: 'ask' });
}, 30_000);
