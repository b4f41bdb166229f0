// What an agent hears while nobody has signed in: what is known, and for everything else where to sign in.
import { isTokentrayError } from '../../errors.ts';
import type { GuardedUpstream, KnownServer, Upstream } from './types.ts';
import { codes, fail, nothing } from './wire.ts';
import type { Outcome } from './wire.ts';

/** Calls that may be held up by a question to the person (2026-07-28 mrtr, Supported Requests). */
export const mayAsk = (method: string): boolean =>
  method === 'tools/call' || method === 'prompts/get' || method === 'resources/read';

/**
 * What is known of a server, as far as this agent hears it. One that was denied hears nothing. One that nobody decided about gets
 * the lists, which agents fetch once when they start, and not the server's instructions: an agent takes those for its person's.
 */
export function memoryFor({ guard, known }: GuardedUpstream): KnownServer | null {
  if (guard.denied()) return null;
  const all = known.get();
  if (all === null || guard.allowed()) return all;
  const { instructions: _kept, ...rest } = all;
  return rest;
}

/** The answer that needs no server, as this agent may see it, or null where there is none. In the old era's shape. */
export function answerFromMemory(upstream: GuardedUpstream, method: string): Outcome | null {
  switch (method) {
    case 'ping':
      return { result: {} };
    case 'tools/list':
      return { result: upstream.guard.filterTools({ tools: memoryFor(upstream)?.tools ?? [] }) };
    case 'prompts/list':
      return { result: { prompts: [] } };
    case 'resources/list':
      return { result: { resources: [] } };
    case 'resources/templates/list':
      return { result: { resourceTemplates: [] } };
    case 'completion/complete':
      return { result: { completion: { values: [] } } };
    default:
      return null;
  }
}

export const wordsBeforeSignIn = (upstream: Upstream): string => `Sign in to ${upstream.name} so that it can be used.`;

/** The clear result of a call that needs a sign-in; a tool's is one that the model can read and pass on. */
export async function askToSignIn(upstream: Upstream, method: string): Promise<Outcome> {
  const url = await upstream.signIn.link();
  const text = `${upstream.name} needs a person first: nobody is signed in, or it wants more than was allowed so far. Open ${url} to sign in, then try again.`;
  if (method === 'tools/call') return { result: { content: [{ type: 'text', text }], isError: true } };
  return fail(codes.needsSignIn, text, { code: 'needs_sign_in', url });
}

export const needsSignIn = (error: unknown): boolean => isTokentrayError(error, 'needs_sign_in');

/** Resolves to true once the server is ready, to false when that took too long or is no longer wanted. */
export function untilReady(upstream: Upstream, wait: number, signal: AbortSignal): Promise<boolean> {
  const { ready, onReady } = upstream.signIn;
  return until({ is: ready, on: onReady, late: (end) => upstream.clock.after(wait, end) }, signal);
}

/** As `untilReady`, for an agent that has to be allowed, too, and waits for as long as that takes. */
export function untilOpen({ access }: GuardedUpstream, signal: AbortSignal): Promise<boolean> {
  return until({ is: access.open, on: access.onOpen, late: () => nothing }, signal);
}

interface Awaited {
  is(): boolean;
  on(listener: () => void): () => void;
  late(end: () => void): () => void;
}

function until({ is, on, late }: Awaited, signal: AbortSignal): Promise<boolean> {
  if (is()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (reached: boolean): void => {
      off();
      cancel();
      signal.removeEventListener('abort', aborted);
      resolve(reached);
    };
    const aborted = (): void => end(false);
    const off = on(() => end(true));
    const cancel = late(() => end(false));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) end(false);
  });
}

/** A failure of ours as the agent should see it: for a tool a result that the model can read, else an error. */
export const toolFailure = (method: string, text: string): Outcome =>
  method === 'tools/call'
    ? { result: { content: [{ type: 'text', text }], isError: true } }
    : fail(codes.internal, text);

/** What is remembered of a list of tools; more than this is not worth keeping. */
const mostTools = 1024 * 1024;

/** Keeps the tools of a first page for the next time that nobody is signed in. */
export function rememberTools(upstream: Upstream, tools: unknown): void {
  if (!Array.isArray(tools) || JSON.stringify(tools).length > mostTools) return;
  upstream.known.set({ ...upstream.known.get(), tools });
}
