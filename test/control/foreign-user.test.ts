// Another user of this machine gets nothing from the control socket, even where its permissions would let them in.
import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { start } from '../access/evidence/children.ts';
import { placePerTest } from './fixture.ts';
import { createUpgrade } from './upgrade.ts';

const at = placePerTest();
const root = process.getuid?.() === 0;

/** Sends one request over the socket, prints how many bytes came back until it was closed. */
const asking = (path: string, request: string): string[] => [
  '-MSocket',
  '-e',
  `socket(my $s, PF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un('${path}')) or die $!;
   send($s, "${request}", 0); my $all = ''; while (sysread($s, my $part, 4096)) { $all .= $part }
   print length $all, "\\n"; STDOUT->flush;`,
];

const hello = Buffer.from(
  JSON.stringify({ agentName: null, pid: 1, parentPid: 1, cwd: '/', argv: [], version: '0', resumed: false }),
).toString('base64url');
const requests = {
  'asks the contract': 'POST /rpc/status HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n\\r\\n{}',
  'opens a stream': `GET /stdio/linear HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: tokentray-stdio\\r\\ntokentray-hello: ${hello}\\r\\n\\r\\n`,
};

describe.skipIf(!root)(`another user (${root ? 'as user 65534' : 'skipped: the tests do not run as root'})`, () => {
  it.each(Object.entries(requests))('that %s is hung up on', async (_, request) => {
    await at().fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
    await at().listen(() => expect.unreachable());
    chmodSync(at().home, 0o755);
    chmodSync(`${at().home}/run`, 0o755);
    chmodSync(at().path, 0o777);
    const other = start('/usr/bin/perl', asking(at().path, request), { uid: 65_534, gid: 65_534, cwd: '/' });
    expect(await other.line()).toBe('0');
  });

  it('that keeps to the permissions does not get as far', async () => {
    await at().listen(() => expect.unreachable());
    const other = start(
      '/usr/bin/perl',
      [
        '-MSocket',
        '-e',
        `$| = 1; socket(my $s, PF_UNIX, SOCK_STREAM, 0); print connect($s, sockaddr_un('${at().path}')) ? "in\\n" : $!{EACCES} ? "EACCES\\n" : "$!\\n"`,
      ],
      {
        uid: 65_534,
        gid: 65_534,
        cwd: '/',
      },
    );
    expect(await other.line()).toBe('EACCES');
  });
});

describe('this user', () => {
  it('is let in by the same door', async () => {
    await at().fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
    await at().listen();
    const said = JSON.parse(Buffer.from(hello, 'base64url').toString()) as object;
    const { status, socket } = await createUpgrade(at().path, '/stdio/linear', said);
    expect(status).toBe(101);
    socket.destroy();
    expect((await at().connect().status()).version).toBe('0.1.0');
  });
});
