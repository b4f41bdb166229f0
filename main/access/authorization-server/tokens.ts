// Tokens that the bridge issued itself: each is good at one server, for one agent, and no longer than that agent's approval.
import { z } from 'zod';
import type { Secret } from '../../secret.ts';
import type { IssuedTable } from '../../store/issued.ts';
import type { AgentRow, Store } from '../../store/types.ts';
import type { Agents } from '../agents.ts';
import type { Approvals } from '../approvals.ts';
import type { Addresses } from './addresses.ts';
import { hashOf } from './clients.ts';

const shape = /^[A-Za-z0-9_-]{43}$/u;
const tokenSchema = z.object({ clientId: z.string(), aud: z.string(), grantId: z.string() });
const grantSchema = z.object({ clientId: z.string(), resources: z.record(z.string(), z.unknown()) });

export interface LocalTokens {
  /** The agent that this token was issued to for this server; null: unknown, expired, ended, or of another server. */
  verify(token: Secret, server: string): AgentRow | null;
  /** Whether the person's word for this agent and server still stands. */
  isAllowed(agentId: string, server: string): boolean;
  /** Nothing that was issued for it is good any more. How many sign-ins that were. */
  end(of: { readonly clientId?: string; readonly server?: string }): number;
  /** Ends what nobody's decision stands behind, at the start and after every change. */
  reconcile(agentId?: string): void;
}

export interface TokenParts {
  readonly issued: IssuedTable;
  readonly agents: Pick<Agents, 'touch'>;
  readonly store: Pick<Store, 'agents'>;
  readonly approvals: Pick<Approvals, 'living'>;
  readonly addresses: Addresses;
  readonly now: () => number;
  readonly onEnd: (clientId: string, servers: readonly string[]) => void;
}

export function createLocalTokens(parts: TokenParts): LocalTokens {
  const { issued, addresses, now, store } = parts;

  const grants = () =>
    issued.list('Grant').flatMap(({ grantId, payload }) => {
      const parsed = grantSchema.safeParse(payload);
      if (grantId === null || !parsed.success) return [];
      const { clientId, resources } = parsed.data;
      return { grantId, clientId, servers: Object.keys(resources).map((one) => addresses.serverOf(one) ?? '') };
    });

  const isAllowed = (agentId: string, server: string): boolean =>
    parts.approvals
      .living()
      .some((row) => row.agentId === agentId && row.server === server && row.decision === 'allow');

  const endOne = ({ grantId, clientId, servers }: ReturnType<typeof grants>[number]): void => {
    issued.removeGrant(grantId);
    parts.onEnd(clientId, servers);
  };

  return {
    verify(token, server) {
      const given = token.reveal();
      if (!shape.test(given)) return null;
      // By hash, so that finding one takes no time that depends on a guess.
      const row = issued.get('AccessToken', hashOf(given));
      if (row === null || row.expiresAt === null || row.expiresAt <= now()) return null;
      const said = tokenSchema.safeParse(row.payload);
      if (!said.success || said.data.aud !== addresses.resource(server)) return null;
      // A token may have been on its way while all that it is based on was taken back.
      if (issued.get('Grant', hashOf(said.data.grantId)) === null) return null;
      const agent = store.agents.byIdentity('oauth', said.data.clientId);
      if (agent !== null) parts.agents.touch(agent.id);
      return agent;
    },

    isAllowed,

    end({ clientId, server }) {
      const ended = grants().filter(
        (grant) =>
          (clientId === undefined || grant.clientId === clientId) &&
          (server === undefined || grant.servers.includes(server)),
      );
      for (const grant of ended) endOne(grant);
      return ended.length;
    },

    reconcile(agentId) {
      for (const grant of grants()) {
        const agent = store.agents.byIdentity('oauth', grant.clientId);
        if (agentId !== undefined && agent !== null && agent.id !== agentId) continue;
        if (agent === null || !grant.servers.every((server) => isAllowed(agent.id, server))) endOne(grant);
      }
    },
  };
}
