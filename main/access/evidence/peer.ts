// Who is at the other end of the control socket, as the kernel says: asked once per connection, while the stream stays untouched.
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { systemProcesses } from './processes.ts';
import { runProgram } from './run.ts';

export interface Peer {
  /** Null where it is outside of what we can see, as from another container. */
  readonly pid: number | null;
  readonly uid: number;
  /** When it was asked, on the scale of `ProcessFacts.startedAt`: a process that started later is another one. */
  readonly askedAt: number;
}

/** Programs that start in milliseconds and are part of the systems; the first one that answers is believed. */
interface Probe {
  readonly program: string;
  readonly args: readonly string[];
}

const perl = (program: string): Probe => ({ program: '/usr/bin/perl', args: ['-e', program] });

// SOL_SOCKET and SO_PEERCRED: struct ucred { pid, uid, gid } (unix(7)). Mips, PowerPC and SPARC number them otherwise.
const linux: readonly Probe[] = [
  perl(`open(my $s, '+<&=', 3) or exit 1; my $c = getsockopt($s, 1, 17) or exit 1; print join ' ', unpack 'iI', $c`),
  {
    program: '/usr/bin/python3',
    args: [
      '-I',
      '-S',
      '-c',
      `import socket, struct; print(*struct.unpack('iI', socket.socket(fileno=3).getsockopt(1, 17, 12)[:8]))`,
    ],
  },
];
const linuxArchitectures = new Set(['x64', 'arm64', 'arm', 'ia32', 'riscv64', 'loong64', 's390x']);

// SOL_LOCAL with LOCAL_PEERPID, and LOCAL_PEERCRED: struct xucred { version, uid, … } (unix(4) of macOS). No python: where
// Apple's tools are not installed, /usr/bin/python3 opens a dialog.
const macos: readonly Probe[] = [
  perl(
    `open(my $s, '+<&=', 3) or exit 1; my $p = getsockopt($s, 0, 2) or exit 1; my $c = getsockopt($s, 0, 1) or exit 1; ` +
      `print join ' ', unpack('i', $p), (unpack 'II', $c)[1]`,
  ),
];

/** How the kernel can be asked here; none where it cannot, as on Windows and on processors that number their options otherwise. */
export function probesFor(platform: NodeJS.Platform, architecture: string): readonly Probe[] {
  if (platform === 'linux') return linuxArchitectures.has(architecture) ? linux : [];
  return platform === 'darwin' ? macos : [];
}

const asked = new WeakMap<Duplex, Promise<Peer | null>>();

/** A flood of connections must not become a flood of processes. */
const mostAtOnce = 8;
let running = 0;
const queue: (() => void)[] = [];

/** Null where the kernel cannot be asked. Never rejects; asks once for each socket. */
export function peerOf(socket: Duplex, probes = probesFor(process.platform, process.arch)): Promise<Peer | null> {
  const known = asked.get(socket);
  if (known !== undefined) return known;
  const answer = probe(socket, probes);
  asked.set(socket, answer);
  return answer;
}

async function probe(socket: Duplex, probes: readonly Probe[]): Promise<Peer | null> {
  const askedAt = systemProcesses().now();
  for (const { program, args } of probes) {
    if (running >= mostAtOnce) await new Promise<void>((resolve) => queue.push(resolve));
    running += 1;
    try {
      // After the wait: the number may be another file's once the socket is closed.
      const descriptor = descriptorOf(socket);
      if (descriptor === null) return null;
      const peer = parsePeer(await runProgram(program, args, { descriptor, mostBytes: 256 }));
      if (peer !== null) return { ...peer, askedAt };
    } finally {
      running -= 1;
      queue.shift()?.();
    }
  }
  return null;
}

const line = z.string().regex(/^-?\d{1,10} \d{1,10}\s*$/u);

/** The answer of a probe: `<pid> <uid>`. */
export function parsePeer(answer: string | null): Pick<Peer, 'pid' | 'uid'> | null {
  const parsed = line.safeParse(answer);
  if (!parsed.success) return null;
  const [pid = 0, uid = -1] = parsed.data.trim().split(' ').map(Number);
  return { pid: pid > 0 ? pid : null, uid };
}

/**
 * Node keeps the number to itself. Handing over the socket object would do too, but then Node stops reading from it
 * (child_process, "wrap"), in the middle of whatever goes on.
 */
function descriptorOf(socket: Duplex): number | null {
  if (socket.destroyed) return null;
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null;
  return typeof fd === 'number' && Number.isInteger(fd) && fd > 2 ? fd : null;
}

/** Whether it is another user of this machine: then the socket's permissions were changed, for they keep others out. */
export function isForeign(peer: Peer | null, uid = process.getuid?.()): boolean {
  return peer !== null && uid !== undefined && peer.uid !== uid;
}
