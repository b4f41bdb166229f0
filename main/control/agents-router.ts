// The agents' part of the contract, carried out: who there is, what they are called, and who is refused from now on.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { contract } from '../../preload/contract.ts';
import { normaliseName } from '../access/agent-name.ts';
import type { AgentRef } from '../access/agents.ts';
import type { ControlDeps } from './deps.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

/** @param os the implementer of `contract.agents`, with whatever stands around every procedure */
export function createAgentsRouter(
  os: ImplementerInternalWithMiddlewares<typeof contract.agents, CallContext, CallContext>,
  { agents, access, store, clock }: Pick<ControlDeps, 'agents' | 'access' | 'store' | 'clock'>,
  person: PersonOnly,
) {
  const note = (kind: string, detail: Readonly<Record<string, string>>) =>
    store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail });

  /** Whether the person denied it something: it would come back as one that nobody has decided about. */
  const isDenied = (agent: AgentRef): boolean => {
    const isMeant =
      'id' in agent
        ? (id: string) => id === agent.id
        : (_id: string, name: string) => name === normaliseName(agent.name);
    const meant = agents.list().filter(({ id, name, revokedAt }) => revokedAt === null && isMeant(id, name));
    return access.approvals
      .living()
      .some(({ agentId, decision }) => decision === 'deny' && meant.some(({ id }) => id === agentId));
  };

  return {
    list: os.list.handler(() => agents.list()),
    // Whoever takes something away from an agent need not be a person; a denial is nothing that it has.
    revoke: os.revoke.handler(async ({ input, context }) => {
      if (isDenied(input)) await person.always(context, 'revoke an agent that was denied');
      const revoked = agents.revoke(input);
      if (revoked !== null) note('agent-revoked', { agent: revoked.name });
      return { revoked: revoked !== null };
    }),
    rename: os.rename.handler(async ({ input, context }) => {
      await person.always(context, 'rename the agent');
      const was = agents.view(input.id)?.name ?? '';
      const agent = agents.rename(input, input.name);
      note('agent-renamed', { agent: agent.name, was });
      return agent;
    }),
    trust: os.trust.handler(async ({ input, context }) => {
      if (input.trusted) await person.always(context, 'trust the agent');
      const agent = agents.trust(input, input.trusted);
      access.agentTrusted(agent.id, agent.trusted);
      note(agent.trusted ? 'agent-trusted' : 'agent-untrusted', { agent: agent.name });
      return agent;
    }),
  };
}
