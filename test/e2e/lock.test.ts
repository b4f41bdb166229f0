// After a lock no secret of the vault is in the broker's heap any more: not a token, not a client secret, not the passphrase.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.ts';
import type { AuthorizationServer } from '../support/authorization-server.ts';
import { searchBytes } from '../support/canary.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import type { McpTestServer } from '../support/mcp-server.ts';
import { runProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { TemporaryFolder } from '../support/temp.ts';

const program = fileURLToPath(new URL('locked-heap.ts', import.meta.url));
const passphrase = 'canary-passphrase-9d1f-of-the-vault';

let folder: TemporaryFolder;
let authorizationServer: AuthorizationServer;
let server: McpTestServer;
beforeAll(async () => {
  folder = await temporaryFolder('heap');
  authorizationServer = await startAuthorizationServer({});
  server = await startMcpServer({ era: 'modern', auth: { authorizationServer } });
  const file = join(folder.path, 'passphrase');
  await mkdir(folder.path, { recursive: true });
  await writeFile(file, passphrase);
  const { code, stderr } = await runProcess(
    execPath,
    // Long strings whole: a token may stand anywhere in what was a document.
    ['--expose-gc', '--heap-snapshot-string-limit=10000000', program, server.url, folder.path, file],
    { env: folder.env({}), timeoutMs: 170_000 },
  );
  if (code !== 0) throw new Error(stderr);
}, 180_000);
afterAll(async () => {
  await server.close();
  await authorizationServer.close();
  await folder.remove();
});

const found = async (name: string): Promise<string[]> => {
  const heap = await readFile(join(folder.path, `${name}.heapsnapshot`));
  const secrets = [...authorizationServer.issuedSecrets].filter((each) => each.length >= 8);
  return searchBytes(name, heap, [...secrets, passphrase]).map((sighting) => sighting.secret);
};

describe('the heap of a broker with a passphrase vault', () => {
  it('holds tokens and passphrase while it lends: the search finds what is there', async () => {
    const seen = await found('lending');
    expect(seen).toContain(`${passphrase.slice(0, 4)}…`);
    expect(seen.length).toBeGreaterThan(2);
    expect((await found('unlocked')).length).toBeGreaterThan(2);
  });

  it.each(['locked', 'locked-again'])('holds none of them when it is %s', async (name) => {
    expect(await found(name)).toEqual([]);
  });
});
