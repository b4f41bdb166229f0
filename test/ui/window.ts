// A browser as the browser host sees one: raw requests with whatever headers a test wants, and the contract with a session's cookie.
import { request, type IncomingHttpHeaders } from 'node:http';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import type { ContractRouterClient } from '@orpc/contract';
import { Agent, fetch } from 'undici';
import type { contract } from '../../preload/contract.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Headers go as they are given, Host and Origin among them; the path is not normalised. */
export function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(
      { host: '127.0.0.1', port, path, method: options.method ?? 'GET', headers: options.headers ?? {} },
      (res) => {
        let body = '';
        res.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        res.once('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
        res.once('error', reject);
      },
    );
    req.once('error', reject);
    req.end(options.body);
  });
}

export interface Window {
  readonly port: number;
  readonly origin: string;
  /** `/ui/<place>/` */
  readonly path: string;
  /** `tokentray=<proof>` */
  readonly cookie: string;
  /** The whole header. */
  readonly setCookie: string;
  readonly call: ContractRouterClient<typeof contract>;
  close(): Promise<void>;
}

export const parts = (link: string) => ({ port: Number(new URL(link).port), path: new URL(link).pathname });

/** Opens a link as a browser does that was told its address. */
export async function openWindow(link: string): Promise<Window> {
  const { port, path } = parts(link);
  const answer = await ask(port, path, { headers: { 'sec-fetch-site': 'none', 'user-agent': 'Test/1.0' } });
  const [setCookie = ''] = answer.headers['set-cookie'] ?? [];
  const at = /\/ui\/[\w-]+\//u.exec(answer.body)?.[0] ?? '';
  const [cookie = ''] = setCookie.split(';');
  const origin = `http://127.0.0.1:${port}`;
  const dispatcher = new Agent();
  const rpc = new RPCLink({
    url: `${origin}${at}rpc`,
    fetch: async (input) => {
      const response = await fetch(input.url, {
        method: input.method,
        headers: [...input.headers, ['cookie', cookie], ['origin', origin]],
        body: input.body === null ? null : await input.arrayBuffer(),
        signal: input.signal,
        dispatcher,
      });
      return new Response(response.body as ReadableStream | null, {
        status: response.status,
        headers: [...response.headers],
      });
    },
  });
  return {
    port,
    origin,
    path: at,
    cookie,
    setCookie,
    call: createORPCClient(rpc),
    close: () => dispatcher.destroy(),
  };
}
