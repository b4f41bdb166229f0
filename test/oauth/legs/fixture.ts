// A clock that stands still, a log that says nothing, and small servers that answer as told and remember what they were asked.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { TokentrayError } from '../../../main/errors.ts';
import type { TokenLeg } from '../../../main/oauth/token.ts';
import type { Registration } from '../../../main/oauth/types.ts';
import type { Clock, Log } from '../../../main/ports.ts';

export const noon = Date.UTC(2026, 0, 15, 12);

export interface FakeClock extends Clock {
  /** Moves time and runs what became due. */
  pass(ms: number): void;
}

export function fakeClock(start = noon): FakeClock {
  let now = start;
  const tasks = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const task = { at: now + ms, run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    pass(ms) {
      now += ms;
      for (const task of tasks) {
        if (task.at > now) continue;
        tasks.delete(task);
        task.run();
      }
    },
  };
}

export const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => quiet,
};

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** An object goes out as JSON. */
  readonly body?: unknown;
}

export interface SmallServer {
  readonly origin: string;
  readonly asked: Asked[];
}

/** Answers every request by `answer`; ends with the test. */
export async function serve(
  answer: (asked: Asked, response: ServerResponse, count: number) => Answer | Promise<Answer> | null,
): Promise<SmallServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void respond(request, response));
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, form };
    asked.push(one);
    const said = await answer(one, response, asked.length);
    if (said === null) return;
    const { status = 200, headers = {}, body = '' } = said;
    const json = typeof body !== 'string';
    response.writeHead(status, { ...(json ? { 'content-type': 'application/json' } : {}), ...headers });
    response.end(json ? JSON.stringify(body) : body);
  }
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function publicClient(issuer: string, more: Partial<Registration> = {}): Registration {
  return {
    issuer,
    kind: 'pre-registered',
    client_id: 'tokentray-test.client_1',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback'],
    client_secret_expires_at: null,
    registered_at: noon,
    ...more,
  };
}

/** A leg to a server of `serve`: its token endpoint is `/token`. */
export function legTo(server: SmallServer, more: Partial<TokenLeg> = {}): TokenLeg {
  return {
    http: fetch,
    clock: fakeClock(),
    as: { issuer: server.origin, token_endpoint: `${server.origin}/token` },
    registration: publicClient(server.origin),
    resource: 'https://mcp.example/mcp',
    ...more,
  };
}

/** The TokentrayError that `work` fails with; anything else fails the test. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<TokentrayError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof TokentrayError) return error;
    throw error;
  }
  throw new Error('it was expected to fail');
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
