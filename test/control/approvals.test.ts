// Over the control socket a person sees what agents ask for and answers it; an agent cannot answer for them.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Guard } from '../../main/access/types.ts';
import type { ControlClient } from '../../main/control/client.ts';
import type { AgentRow } from '../../main/store/types.ts';
import type { Change } from '../../preload/contract.ts';
import { failure, placePerTest } from './fixture.ts';

const place = placePerTest();

let client: ControlClient;
let agent: AgentRow;
let guard: Guard;
beforeEach(async () => {
  const { fake } = place();
  await place().listen();
  client = place().connect();
  await fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  const { agent: made } = fake.deps.agents.add('cursor');
  const row = fake.deps.store.agents.get(made.id);
  if (row === null) throw new Error('the agent is not there');
  agent = row;
  guard = fake.access.guards.guard({ agent, via: 'http', session: 'http', folder: null }, 'linear');
});

const ask = () => {
  const admitted = guard.admit(
    { method: 'tools/call', params: { name: 'create_issue' }, bytes: 10 },
    { signal: new AbortController().signal },
  );
  admitted.catch(() => undefined);
  return admitted;
};

describe('a question', () => {
  it('is listed, answered, and gone; the approval stands and can be changed and revoked', async () => {
    const admitted = ask();
    const { prompts } = await client.approvals.list();
    expect(prompts).toMatchObject([
      { kind: 'use', agent: { name: 'cursor' }, server: 'linear', tool: 'create_issue', waiting: 1 },
    ]);
    const id = prompts[0]?.id ?? '';
    const approval = await client.approvals.decide({ id, decision: 'allow', lasts: 'always' });
    expect(approval).toMatchObject({ agent: 'cursor', server: 'linear', decidedBy: 'command-line', lasts: 'always' });
    await admitted;
    const rules = { tools: 'read-only', allow: [], deny: ['delete*'], ask: 'never' } as const;
    expect(await client.approvals.change({ id: approval.id, rules })).toMatchObject({ rules });
    expect(await client.approvals.list()).toMatchObject({ prompts: [], approvals: [{ id: approval.id, rules }] });
    expect(await client.approvals.revoke({ id: approval.id })).toEqual({ revoked: true });
    expect(guard.ended.aborted).toBe(true);
    expect(await client.approvals.revoke({ id: approval.id })).toEqual({ revoked: false });
  });

  it('that was answered cannot be answered again, of two at the same time one is too late', async () => {
    void ask();
    const { prompts } = await client.approvals.list();
    const id = prompts[0]?.id ?? '';
    const other = place().connect();
    const answers = await Promise.allSettled([
      client.approvals.decide({ id, decision: 'deny', lasts: 'always' }),
      other.approvals.decide({ id, decision: 'allow', lasts: 'always' }),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await client.approvals.list()).approvals).toHaveLength(1);
    const late = await failure(client.approvals.decide({ id, decision: 'allow', lasts: 'always' }));
    expect(late).toMatchObject({ code: 'unknown_approval' });
  });

  it.each(['agent', 'orphan'] as const)('is not answered by a command that an agent started (%s)', async (who) => {
    void ask();
    const { prompts } = await client.approvals.list();
    const id = prompts[0]?.id ?? '';
    place().fake.answers.startedBy =
      who === 'orphan' ? { kind: who } : { kind: who, agent: { agentId: agent.id, pid: 7, startedAt: null } };
    for (const call of [
      () => client.approvals.decide({ id, decision: 'allow', lasts: 'always' }),
      () => client.approvals.answer({ id, allow: true }),
      () => client.approvals.change({ id, until: null }),
      () => client.settings.set({ approvals: 'off' }),
      () => client.script.openUi({ linkOnly: true }),
    ]) {
      expect(await failure(call())).toMatchObject({ code: 'agent_refused' });
    }
    expect((await client.approvals.list()).prompts).toHaveLength(1);
    expect((await client.settings.get()).approvals.now).toBe('ask');
  });
});

describe('whoever watches', () => {
  it('hears of questions and approvals, and finds them in the first snapshot', async () => {
    void ask();
    const changes = await client.changes();
    const next = async (): Promise<Change> => {
      const { done, value } = await changes.next();
      if (done === true) throw new Error('the stream of changes is over');
      return value;
    };
    expect(await next()).toMatchObject({ kind: 'snapshot', prompts: [{ waiting: 1 }], approvals: [], floods: [] });
    const id = place().fake.access.prompts.list()[0]?.id ?? '';
    await client.approvals.decide({ id, decision: 'allow', lasts: 'always' });
    const heard = new Map<string, unknown>();
    while (!heard.has('prompts') || !heard.has('approvals')) {
      const change = await next();
      heard.set(change.kind, change);
    }
    expect(heard.get('prompts')).toMatchObject({ prompts: [] });
    expect(heard.get('approvals')).toMatchObject({ approvals: [{ agent: 'cursor', decision: 'allow' }] });
    await changes.return?.();
  });
});

describe('the setting', () => {
  it('lets everybody through when the person turns it off, and is said in the status', async () => {
    const admitted = ask();
    expect((await client.status()).approvals).toBe('ask');
    expect((await client.settings.set({ approvals: 'off', approvalWait: 5_000 })).approvals).toEqual({
      chosen: 'off',
      now: 'off',
      fixedBy: null,
      wait: 5_000,
    });
    await admitted;
    expect((await client.status()).approvals).toBe('off');
    await client.settings.set({ approvals: 'ask' });
    expect(guard.ended.aborted).toBe(true);
  });

  it.each([4_999, 600_001, 5_000.5])('takes no wait of %s ms', async (approvalWait) => {
    expect(await failure(client.settings.set({ approvalWait }))).toMatchObject({ code: 'invalid_input' });
    expect((await client.settings.get()).approvals.wait).toBe(50_000);
  });
});
