// The broker, called from another process: the control contract over the socket, with the broker's own errors.
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import type { ContractRouterClient } from '@orpc/contract';
import { Agent, fetch } from 'undici';
import type { controlContract } from '../../preload/contract.ts';
import { TokentrayError } from '../errors.ts';
import { checkSocketFolder } from './folder.ts';
import { fromWire } from './wire-errors.ts';

export type ControlClient = ContractRouterClient<typeof controlContract>;

export interface ControlConnection {
  readonly client: ControlClient;
  /** Ends calls and streams that are under way. */
  close(): Promise<void>;
}

/**
 * A client of the control socket at `path`. Connects with the first call.
 * Every call throws what the broker threw, or broker_not_running when nobody answers.
 * @throws unsafe_folder when the socket's folder is not ours alone, broker_not_running when there is none
 */
export function connectControl(path: string): ControlConnection {
  checkSocketFolder(path);
  // No time-outs: waiting for a person takes minutes, and an observer waits for ever.
  const dispatcher = new Agent({ connect: { socketPath: path }, headersTimeout: 0, bodyTimeout: 0 });
  const link = new RPCLink({
    url: 'http://localhost/rpc',
    fetch: async (request) => {
      // Read out of the platform's Request: undici's own fetch does not take another build's objects.
      const body = request.body === null ? null : await request.arrayBuffer();
      const response = await fetch(request.url, {
        method: request.method,
        headers: [...request.headers],
        body,
        signal: request.signal,
        dispatcher,
      });
      return new Response(response.body as ReadableStream | null, {
        status: response.status,
        headers: [...response.headers],
      });
    },
    interceptors: [
      async (call) => {
        try {
          return await call.next();
        } catch (error) {
          throw call.signal?.aborted === true ? error : explain(error, path);
        }
      },
    ],
  });
  return { client: createORPCClient(link), close: () => dispatcher.destroy() };
}

const notThere = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK', 'EACCES', 'EPERM']);

function explain(error: unknown, path: string): TokentrayError {
  const code = systemCode(error);
  if (code !== null && notThere.has(code)) {
    return new TokentrayError('broker_not_running', 'no broker is running', {
      subject: path,
      advice: 'Start one: tokentray serve',
      cause: error,
    });
  }
  if (code !== null) {
    return new TokentrayError('broker_not_running', 'the broker went away before it answered', {
      subject: path,
      cause: error,
    });
  }
  return fromWire(error);
}

/** The system's or undici's error code, wherever in the chain of causes it stands. */
function systemCode(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/u.test(at.code)) return at.code;
  }
  return null;
}
