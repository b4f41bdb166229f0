// kill -9 at every write of a rotation: what the authorization server still honours is never lost.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { runProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temp.ts';

const broker = fileURLToPath(new URL('./dying-broker.ts', import.meta.url));
/** Before and after: temporary file, rename, folder sync (the vault's), row (the store's). */
const writePoints = 8;
/** The new token is in place from here on (after the rename). */
const firstDurable = 4;

async function scene(rotation: 'lenient' | 'strict') {
  const folder = await temporaryFolder('kill');
  const authorizationServer = await startAuthorizationServer({ rotation });
  const server = await startMcpServer({ era: 'modern', auth: { authorizationServer } });
  const run = async (mode: string, killAt = 0) =>
    runProcess(process.execPath, ['--disable-warning=ExperimentalWarning', broker, mode, server.url, String(killAt)], {
      env: folder.env(),
    });
  const signIn = await run('sign-in');
  expect(signIn.stdout, signIn.stderr).toContain('signed in');
  return {
    run,
    authorizationServer,
    async [Symbol.asyncDispose]() {
      await server.close();
      await authorizationServer.close();
      await folder.remove();
    },
  };
}

describe('a broker that is killed with -9 while it rotates a refresh token', () => {
  it('has lost nothing where the server still takes the older token, in 50 rounds over every write point', async () => {
    await using s = await scene('lenient');
    let killed = 0;
    for (let round = 0; round < 50; round += 1) {
      const dying = await s.run('refresh', 1 + (round % writePoints));
      expect(dying.stdout, `round ${round}: ${dying.stderr}`).toBe('refreshed\n');
      if (dying.signal === 'SIGKILL') killed += 1;
    }
    expect(killed).toBe(50);
    expect((await s.run('refresh')).stdout).toBe('refreshed\n');
  }, 240_000);

  it('has lost nothing where the server ends the grant on reuse, from the moment the new token is in place', async () => {
    await using s = await scene('strict');
    for (let point = firstDurable; point <= writePoints; point += 1) {
      const dying = await s.run('refresh', point);
      expect(dying.stdout, `write point ${point}: ${dying.stderr}`).toBe('refreshed\n');
      expect(dying.signal).toBe('SIGKILL');
    }
    expect((await s.run('refresh')).stdout).toBe('refreshed\n');
  }, 120_000);

  it('says that a person is needed where the only copy of the new token died with it', async () => {
    await using s = await scene('strict');
    expect((await s.run('refresh', 1)).signal).toBe('SIGKILL');
    const next = await s.run('refresh');
    expect(next.stdout).toContain('failed needs_sign_in ended-by-provider');
    const after = await s.run('refresh');
    expect(after.stdout).toContain('failed needs_sign_in ended-by-provider');
  }, 60_000);
});
