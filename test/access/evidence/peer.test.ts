// Who is at the other end of a socket is asked of the kernel, and what flows through the socket does not notice.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isForeign, parsePeer, peerOf, probesFor } from '../../../main/access/evidence/peer.ts';
import { linuxProcesses } from '../../../main/access/evidence/linux.ts';
import { door, echoing, folder, start } from './children.ts';

const here = probesFor(process.platform, process.arch);
const onLinux = process.platform === 'linux';

const byNumber = (one: number, other: number): number => one - other;

/** All that comes until the other side ends. */
async function all(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe.skipIf(here.length === 0)('the process at the other end', () => {
  it.each(here.map((probe) => [probe.program, probe] as const))(
    'is named by the kernel, through %s',
    async (program, probe) => {
      // A machine may lack the second choice.
      if (!existsSync(program)) return expect(program).not.toBe(here[0]?.program);
      const { path, next } = await door();
      const child = start(process.execPath, echoing(path));
      expect(await peerOf(await next(), [probe])).toMatchObject({ pid: child.pid, uid: process.getuid?.() });
    },
  );

  it('is asked once for each connection', async () => {
    const { path, next } = await door();
    start(process.execPath, echoing(path));
    const socket = await next();
    expect(peerOf(socket)).toBe(peerOf(socket));
    expect(await peerOf(socket)).not.toBeNull();
  });

  it('is asked of many connections at once, and each is told apart', async () => {
    const { path, next } = await door();
    const children = Array.from({ length: 20 }, () => start(process.execPath, echoing(path)));
    const sockets = await Promise.all(children.map(next));
    const peers = await Promise.all(sockets.map((socket) => peerOf(socket)));
    expect(peers.map((peer) => peer?.pid ?? 0).sort(byNumber)).toEqual(children.map(({ pid }) => pid).sort(byNumber));
  });

  it('loses no byte, in neither direction, that flows while it is looked at', async () => {
    const { path, next } = await door();
    start(process.execPath, echoing(path));
    const socket = await next();
    const sent = randomBytes(8 * 1_024 * 1_024);
    const heard = all(socket);
    let at = 0;
    const write = (): void => {
      while (at < sent.length) {
        const chunk = sent.subarray(at, (at += 65_536));
        if (!socket.write(chunk)) return void socket.once('drain', write);
      }
      socket.end();
    };
    write();
    expect((await peerOf(socket))?.pid).toBeGreaterThan(0);
    expect((await heard).equals(sent)).toBe(true);
  });

  it('keeps what came before anybody listens', async () => {
    const { path, next } = await door();
    start(process.execPath, [
      '-e',
      `const s = require('net').connect(${JSON.stringify(path)}, () => s.end('said before'));`,
    ]);
    const socket = await next();
    await peerOf(socket);
    expect((await all(socket)).toString()).toBe('said before');
  });

  it.runIf(onLinux)('leaves the socket as it was: reads and writes still never block', async () => {
    const { path, next } = await door();
    start(process.execPath, echoing(path));
    const socket = await next();
    const handle = Reflect.get(socket, '_handle') as { fd: number };
    const flags = () => /flags:\s*([0-7]+)/u.exec(readFileSync(`/proc/self/fdinfo/${handle.fd}`, 'utf8'))?.[1];
    const before = flags();
    expect(Number.parseInt(before ?? '0', 8) & 0o4000).toBe(0o4000);
    await peerOf(socket);
    expect(flags()).toBe(before);
  });

  it('is not known when the socket has closed', async () => {
    const { path, next } = await door();
    start(process.execPath, echoing(path));
    const socket = await next();
    socket.destroy();
    expect(await peerOf(socket)).toBeNull();
  });

  it('is asked at a time that can be held against its start', async () => {
    const { path, next } = await door();
    const child = start(process.execPath, echoing(path));
    const peer = await peerOf(await next());
    if (!onLinux) return expect(peer?.askedAt).toBeGreaterThan(0);
    const [facts] = await linuxProcesses().lineage(child.pid);
    expect(peer?.askedAt).toBeGreaterThanOrEqual(facts?.startedAt ?? Infinity);
    expect((peer?.askedAt ?? 0) - (facts?.startedAt ?? 0)).toBeLessThan(60_000);
  });
});

describe('a machine on which the kernel cannot be asked', () => {
  it.each([
    ['Windows', probesFor('win32', 'x64')],
    ['a processor that numbers its options otherwise', probesFor('linux', 'ppc64')],
    ['a program that is not there', [{ program: '/nowhere/perl', args: [] }]],
    ['a program that fails', [{ program: process.execPath, args: ['-e', 'process.exit(1)'] }]],
    ['a program that says nonsense', [{ program: process.execPath, args: ['-e', 'console.log("1 2 3; rm")'] }]],
    [
      'a program that never stops talking',
      [{ program: process.execPath, args: ['-e', 'for(;;)process.stdout.write("1 ")'] }],
    ],
  ])('knows no peer: %s', async (_, probes) => {
    const { path, next } = await door();
    start(process.execPath, echoing(path));
    expect(await peerOf(await next(), probes)).toBeNull();
  });

  it('has probes for macOS that need no tool of the person’s', () => {
    expect(probesFor('darwin', 'arm64').map(({ program }) => program)).toEqual(['/usr/bin/perl']);
  });
});

describe('what a probe answers', () => {
  it('is two numbers, or nothing', () => {
    expect(parsePeer('4711 1000')).toEqual({ pid: 4711, uid: 1000 });
    // Another container's process has no number here.
    expect(parsePeer('0 1000\n')).toEqual({ pid: null, uid: 1000 });
    for (const answer of [null, '', '4711', '4711 x', '1 2 3', '-', `${'9'.repeat(30)} 1`])
      expect(parsePeer(answer)).toBeNull();
  });

  it('is foreign when it is of another user', () => {
    const peer = { pid: 1, uid: 1000, askedAt: 0 };
    expect(isForeign(peer, 1000)).toBe(false);
    expect(isForeign(peer, 1001)).toBe(true);
    expect(isForeign({ ...peer, uid: 0 }, 1000)).toBe(true);
    expect(isForeign(null, 1000)).toBe(false);
  });
});

const root = process.getuid?.() === 0;
describe.skipIf(!root)(`another user (${root ? 'as user 65534' : 'skipped: the tests do not run as root'})`, () => {
  it('is seen as such', async () => {
    const place = folder();
    const { path, next } = await door(join(place, 's'));
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o777);
    const child = start(
      '/usr/bin/perl',
      [
        '-MSocket',
        '-e',
        `socket(my $s, PF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un('${path}')) or die $!; sleep 60`,
      ],
      { uid: 65_534, gid: 65_534, cwd: '/' },
    );
    const peer = await peerOf(await next());
    expect(peer).toMatchObject({ pid: child.pid, uid: 65_534 });
    expect(isForeign(peer)).toBe(true);
  });
});
