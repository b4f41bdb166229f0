// Another user of this machine gets nothing: not at the socket, not at the port, not from the files, not from /proc; tried as a second real user.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';

const root = process.getuid?.() === 0;
const nobody = 65_534;
if (!root) console.log('another user of this machine: skipped, for only root can become one');

/** Runs a line of Perl as that user; whatever it prints. */
function asNobody(script: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync('/usr/bin/perl', ['-e', script, ...args], {
    uid: nobody,
    gid: nobody,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stdout + stderr;
}

const open = 'for (@ARGV) { print open(my $f, "<", $_) ? "READ $_\\n" : "$!\\n" }';
const list = 'for (@ARGV) { print opendir(my $d, $_) ? "LISTED $_\\n" : "$!\\n" }';
const write = 'for (@ARGV) { print open(my $f, ">", "$_/planted") ? "WROTE $_\\n" : "$!\\n" }';
const toSocket = `use Socket; $| = 1; socket(my $s, PF_UNIX, SOCK_STREAM, 0);
  connect($s, sockaddr_un($ARGV[0])) or do { print "$!\\n"; exit };
  send($s, "POST /rpc/status HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n\\r\\n{}", 0);
  my $all = ''; while (sysread($s, my $part, 4096)) { $all .= $part } print length $all, "\\n";`;
const toPort = `use IO::Socket::INET; my ($port, $bytes) = @ARGV; $bytes =~ s/~/\\r\\n/g;
  my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die; print $s $bytes; $s->shutdown(1);
  while (sysread($s, my $part, 4096)) { print $part }`;

describe.skipIf(!root)('another user of this machine', () => {
  let world: AccessWorld;
  let server: ToolServer;
  let key: string;
  const denied = /^(?:Permission denied\n)+$/u;

  beforeAll(async () => {
    world = await accessWorld();
    server = await world.server('secret-server', 'new');
    server.tools = [{ name: 'read', inputSchema: { type: 'object' } }];
    await world.signIn('secret-server', 'alice');
    ({ key } = await world.key('agent'));
    await world.allowNext(async () => (await world.http(key, 'secret-server', 'new')).list());
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** What the broker keeps, the runtime folder among it. */
  const files = (): string[] =>
    readdirSync(world.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const folders = (): string[] => [world.home, ...['data', 'run', 'log'].map((name) => join(world.home, name))];

  it('cannot connect to the control socket, and is hung up on where somebody opened its folder', () => {
    expect(asNobody(toSocket, world.controlSocket)).toBe('Permission denied\n');
    const opened = [world.home, join(world.home, 'run'), world.controlSocket];
    const modes = opened.map((path) => statSync(path).mode & 0o777);
    try {
      for (const path of opened) chmodSync(path, 0o777);
      expect(asNobody(toSocket, world.controlSocket)).toBe('0\n');
    } finally {
      for (const [at, path] of opened.entries()) chmodSync(path, modes[at] ?? 0o700);
    }
  });

  it('can read no file of the broker, list no folder of it, and put nothing there', () => {
    expect(files().length).toBeGreaterThan(2);
    expect(asNobody(open, ...files())).toMatch(denied);
    expect(asNobody(list, ...folders())).toMatch(denied);
    expect(asNobody(write, ...folders())).toMatch(denied);
    // Should somebody open the folders by mistake, each file still is closed.
    const modes = folders().map((path) => statSync(path).mode & 0o777);
    try {
      for (const path of folders()) chmodSync(path, 0o755);
      expect(asNobody(open, ...files())).toMatch(denied);
      expect(asNobody(write, ...folders())).toMatch(denied);
    } finally {
      for (const [at, path] of folders().entries()) chmodSync(path, modes[at] ?? 0o700);
    }
  });

  it('sees nothing in /proc but that there is a broker: no environment, no memory, no open file, no secret in its words', () => {
    const proc = `/proc/${world.broker.pid}`;
    expect(asNobody(open, `${proc}/environ`, `${proc}/mem`, `${proc}/maps`)).toMatch(denied);
    expect(asNobody(list, `${proc}/fd`, `${proc}/fdinfo`)).toMatch(denied);
    const words = asNobody('local $/; for (@ARGV) { open(my $f, "<", $_) or next; print <$f> }', `${proc}/cmdline`);
    expect(words).toContain('serve');
    for (const secret of [key, 'ttk_', ...world.authorizationServer.issuedSecrets]) expect(words).not.toContain(secret);
  });

  it('learns no server’s name at the port without a key: only where to sign in for one that it names itself', () => {
    const port = new URL(world.bridge).port;
    const host = `Host: 127.0.0.1:${port}~Connection: close~`;
    const answerTo = (start: string): string => asNobody(toPort, port, `${start}~${host}~`).replace(/^date:.*$/imu, '');
    const before = server.requests.length;
    for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS']) {
      const [one, other] = ['secret-server', 'no-such-server'].map((name) =>
        answerTo(`${method} /mcp/${name} HTTP/1.1`),
      );
      expect(one).toMatch(/^HTTP\/1\.1 40[15]/u);
      // RFC 9728: whoever names a server is told where to sign in to it, and that is all.
      const challenge = /^(www-authenticate: Bearer realm="tokentray").*$/imu;
      expect(one?.replace(challenge, '$1')).toBe(other?.replace(challenge, '$1'));
    }
    for (const path of [
      '/',
      '/approve/',
      '/approve/aaaaaaaaaa',
      '/sign-in/x',
      '/rpc/status',
      '/../data',
      '/ui/',
      '/mcp/',
      '/.well-known/oauth-protected-resource',
    ]) {
      const answer = answerTo(`GET ${path} HTTP/1.1`);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/u);
      expect(answer).not.toContain('secret-server');
    }
    expect(server.requests).toHaveLength(before);
  });

  it('that guesses keys gets the same answer each time, and the server never hears of it', () => {
    const port = new URL(world.bridge).port;
    const before = server.requests.length;
    const answers = [key.replace(/.$/u, '_'), `ttk_${'A'.repeat(43)}`, 'x'].map((guess) =>
      asNobody(
        toPort,
        port,
        `POST /mcp/secret-server HTTP/1.1~Host: 127.0.0.1:${port}~Authorization: Bearer ${guess === key ? 'y' : guess}~Content-Length: 2~Connection: close~~{}`,
      ).replace(/^date:.*$/imu, ''),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 401/u);
    expect(server.requests).toHaveLength(before);
  });
});
