// Small servers on loopback that behave, or misbehave, exactly as a test says; they remember what they were asked.
import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createLog } from '../../main/log/log.ts';
import type { Log } from '../../main/ports.ts';
import { certificate, privateKey } from '../net/certificate.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer =
  | {
      readonly status?: number;
      readonly headers?: Record<string, string>;
      readonly json?: unknown;
      readonly text?: string;
    }
  | ((request: IncomingMessage, response: ServerResponse, body: string) => void);

export interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  /** What it answers by path, or by `METHOD path`; anything else gets 404. */
  readonly routes: Record<string, Answer>;
}

export function serve(routes: Record<string, Answer> = {}): Promise<TestServer> {
  return listen(routes, 'http', '127.0.0.1');
}

export function serveTls(routes: Record<string, Answer> = {}): Promise<TestServer> {
  return listen(routes, 'https', '127.0.0.1');
}

async function listen(routes: Record<string, Answer>, scheme: 'http' | 'https', host: string): Promise<TestServer> {
  const asked: Asked[] = [];
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { method = '', url: path = '', headers } = request;
      asked.push({ method, path, headers, body });
      const answer = routes[`${method} ${path}`] ?? routes[path] ?? { status: 404, text: 'not here' };
      if (typeof answer === 'function') return answer(request, response, body);
      const type = answer.json === undefined ? 'text/plain' : 'application/json';
      response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers });
      response.end(answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json));
    });
  };
  const server = scheme === 'http' ? createHttp(handler) : createHttps({ cert: certificate, key: privateKey }, handler);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://${host}:${port}`,
    port,
    asked,
    routes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface TestProxy extends AsyncDisposable {
  readonly url: string;
  /** `CONNECT host:port` or `GET http://host/path`, as they came. */
  readonly asked: string[];
}

/** A real forward proxy that finds every name on loopback, at the port that `ports` says. */
export async function serveProxy(ports: Record<string, number>): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createHttp((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '');
    const port = ports[url.hostname];
    if (port === undefined) response.writeHead(502).end();
    else void relay(request, response, url, port);
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const port = ports[(request.url ?? '').replace(/:\d+$/, '')];
    if (port === undefined) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [upstream, client]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function relay(request: IncomingMessage, response: ServerResponse, url: URL, port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, {
    method: request.method ?? 'GET',
    redirect: 'manual',
    headers: Object.entries(request.headers)
      .filter(
        ([name]) => !['host', 'connection', 'proxy-connection', 'transfer-encoding', 'accept-encoding'].includes(name),
      )
      .map(([name, value]) => [name, String(value)] as [string, string]),
  });
  const headers = [...answer.headers].filter(([name]) => name !== 'content-encoding' && name !== 'transfer-encoding');
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

export const silent: Log = createLog({ level: 'error', clock: { now: () => 0 }, write: () => undefined });
