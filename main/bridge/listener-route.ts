// Forward or relay: a request is passed on as it is only where agent and server speak the same era.
import { isTokentrayError } from '../errors.ts';
import type { GrantState } from '../grants/types.ts';
import type { AgentEra, ServerEra } from './relay/types.ts';

/** What is known of one request before its way is chosen. Asking the server costs something and is done only if needed. */
export interface RouteQuestion {
  readonly sessionId: string | null;
  readonly relayOwns: (sessionId: string) => boolean;
  /** Whether the person has allowed this agent. */
  readonly allowed: boolean;
  /** The server itself opened it for this agent, as far as is remembered. */
  readonly isServers: (sessionId: string) => boolean;
  readonly grant: GrantState['kind'];
  /** `sign-in: auto`: asking the server is what opens the browser, so a missing grant is no reason not to ask. */
  readonly opensBrowser: boolean;
  readonly agentEra: AgentEra;
  readonly serverEra: () => Promise<ServerEra>;
}

export async function routeFor(question: RouteQuestion): Promise<'forward' | 'relay'> {
  const { sessionId } = question;
  if (sessionId !== null && question.relayOwns(sessionId)) return 'relay';
  // Before a person has allowed the agent the relay knows what to say, and how to wait, and the server is not asked for
  // anything. A session that the agent had while it was allowed goes on after the next answer.
  if (!question.allowed) return sessionId !== null && question.isServers(sessionId) ? 'forward' : 'relay';
  // Without a grant nothing may reach the server, and the relay has an answer for every request. A session that the
  // server itself opened is not moved: it goes on after the next sign-in.
  if (sessionId === null && !question.opensBrowser && !holdsGrant(question.grant)) return 'relay';
  const server = await eraOf(question);
  // HTTP+SSE (2024-11-05) is nobody's era here: no agent speaks it to the bridge.
  return server !== null && server === question.agentEra ? 'forward' : 'relay';
}

/** Null when the server would not say before a person signs in. */
async function eraOf(question: RouteQuestion): Promise<ServerEra | null> {
  try {
    return await question.serverEra();
  } catch (error) {
    if (question.sessionId === null && isTokentrayError(error, 'needs_sign_in')) return null;
    throw error;
  }
}

function holdsGrant(kind: GrantState['kind']): boolean {
  return kind === 'open' || kind === 'connected' || kind === 'retrying';
}
