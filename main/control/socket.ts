// The control socket: one local door for the command line, a headless UI and the stdio shim, closed to every other user.
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { BodyLimitPlugin, RPCHandler } from '@orpc/server/node';
import { z } from 'zod';
import { serverNameSchema } from '../../preload/contract.ts';
import { isForeign, peerOf } from '../access/evidence/peer.ts';
import type { Peer } from '../access/evidence/peer.ts';
import { TokentrayError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { quote } from '../quote.ts';
import { brokerRunning, claimControl } from './claim.ts';
import type { Claim } from './claim.ts';
import type { ControlDeps } from './deps.ts';
import { isNamedPipe } from './folder.ts';
import { createControlRouter } from './router.ts';
import { helloHeader, stdioPath, stdioUpgrade } from './stdio-protocol.ts';
import type { StdioHello } from './stdio-protocol.ts';
import { toWire } from './wire-errors.ts';

export interface ListenOptions {
  readonly path: string;
  readonly deps: ControlDeps;
  /**
   * Gets the raw stream of one shim: newline-delimited JSON both ways. It closes when the shim is gone.
   * `peer`: who the kernel says that is; null where it cannot be asked.
   */
  readonly onStdio: (hello: StdioHello, stream: Duplex, peer: Peer | null) => void;
  readonly log: Log;
}

export interface ControlServer {
  readonly path: string;
  /** Ends every call and stream, removes the socket and gives up the claim. */
  close(): Promise<void>;
}

const rpcPrefix = '/rpc';
const bodyLimit = 1_048_576;
/** `sun_path` holds 104 bytes on macOS, 108 on Linux, with the closing zero. */
const longestPath = 103;

/** Claims the path and serves it. @throws broker_running, invalid_input */
export async function listenControl(options: ListenOptions): Promise<ControlServer> {
  const claim = claimControl(options.path);
  try {
    return await serveControl(claim, options);
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** Serves a path that is claimed already; `close` gives up the claim. @throws broker_running, invalid_input */
export async function serveControl(claim: Claim, options: Omit<ListenOptions, 'path'>): Promise<ControlServer> {
  const { path } = claim;
  if (!isNamedPipe(path) && Buffer.byteLength(path) > longestPath) {
    throw new TokentrayError('invalid_input', `the path of the control socket is longer than ${longestPath} bytes`, {
      subject: path,
      advice: 'Set TOKENTRAY_HOME to a shorter path.',
    });
  }
  const { log } = options;
  const streams = new Set<Duplex>();
  const handler = new RPCHandler(createControlRouter(options.deps), {
    plugins: [new BodyLimitPlugin({ maxBodySize: bodyLimit })],
  });

  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    const answer = async () => {
      const peer = await checkedPeer(request.socket);
      if (peer === 'foreign') return;
      const startedBy = () => options.deps.startedBy(peer);
      const context = { session: null, startedBy };
      const { matched } = await handler.handle(request, response, { prefix: rpcPrefix, context });
      if (!matched) response.writeHead(404).end();
    };
    answer().catch((cause: unknown) => {
      log.error('control: a request failed', { cause });
      response.destroy();
    });
  });
  /** The socket's folder and mode keep other users out; should those be changed, this still does. */
  const checkedPeer = async (socket: Duplex): Promise<Peer | null | 'foreign'> => {
    const peer = await peerOf(socket);
    if (!isForeign(peer)) return peer;
    log.warn('another user of this machine was refused at the control socket', { uid: peer?.uid, pid: peer?.pid });
    socket.destroy();
    return 'foreign';
  };
  server.on('connection', (socket) => void checkedPeer(socket));
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Node's HTTP server is rid of the socket now; an error on it without a listener would end the broker.
    stream.on('error', (cause) => log.debug('control: a stdio stream broke off', { cause }));
    const accepted = accept(request, options.deps);
    if (accepted instanceof TokentrayError) {
      refuse(stream, accepted);
      return;
    }
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
    void open(accepted, stream, head);
  });
  const open = async (hello: StdioHello, stream: Duplex, head: Buffer): Promise<void> => {
    const peer = await checkedPeer(stream);
    if (peer === 'foreign' || stream.destroyed) return;
    // HTTP's sockets are half-open; a shim that said its last word is gone, and nothing would ever close this side.
    stream.once('end', () => stream.destroy());
    stream.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${stdioUpgrade}\r\n\r\n`);
    if (head.length > 0) stream.unshift(head);
    try {
      options.onStdio(hello, stream, peer);
    } catch (cause) {
      log.error('control: the stdio bridge refused a stream', { server: hello.server, cause });
      stream.destroy();
    }
  };

  await bind(server, path);
  let closing: Promise<void> | null = null;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const stream of streams) stream.destroy();
    server.closeAllConnections();
    await closed;
    // Under the claim still, so that this cannot be the next broker's socket.
    if (!isNamedPipe(path)) rmSync(path, { force: true });
    claim.release();
  };
  return { path, close: () => (closing ??= close()) };
}

/** Binds under the claim: a socket file that lies there is of a broker that died, and nobody else may be replacing it. */
async function bind(server: Server, path: string): Promise<void> {
  if (!isNamedPipe(path)) rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? brokerRunning(path, cause) : cause);
    server.once('error', onError);
    server.listen(path, () => {
      server.off('error', onError);
      resolve();
    });
  });
  // The folder's 0700 guards the moment between the two.
  if (!isNamedPipe(path)) chmodSync(path, 0o600);
}

const helloSchema = z.object({
  agentName: z.string().max(128).nullable(),
  pid: z.number().int().nonnegative(),
  parentPid: z.number().int().nonnegative(),
  cwd: z.string().max(1_024),
  argv: z.array(z.string().max(128)).max(32),
  version: z.string().max(64),
  resumed: z.boolean(),
});

function accept(request: IncomingMessage, deps: ControlDeps): StdioHello | TokentrayError {
  const path = request.url ?? '';
  if (request.method !== 'GET' || request.headers.upgrade !== stdioUpgrade || !path.startsWith(stdioPath)) {
    return new TokentrayError('protocol_error', 'the control socket upgrades to the stdio stream only');
  }
  const server = serverNameSchema.safeParse(path.slice(stdioPath.length));
  if (!server.success || deps.store.servers.get(server.data) === null) {
    return new TokentrayError('unknown_server', `there is no server named ${quote(path.slice(stdioPath.length), 64)}`, {
      advice: 'Add it: tokentray add <name> <url>',
    });
  }
  const hello = helloSchema.safeParse(readHello(request.headers[helloHeader]));
  if (!hello.success) return new TokentrayError('protocol_error', 'the stdio stream did not say who it is');
  return { server: server.data, ...hello.data };
}

function readHello(header: string | string[] | undefined): unknown {
  if (typeof header !== 'string') return null;
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

/** An HTTP answer with the wire error as its body, which the shim shows to the person. */
function refuse(stream: Duplex, error: TokentrayError): void {
  const body = JSON.stringify(toWire(error).data);
  const head = [
    `HTTP/1.1 ${error.code === 'unknown_server' ? '404 Not Found' : '400 Bad Request'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  stream.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
}
