// Nothing an agent asks for reaches a server before a person allowed it, and only what they allowed.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, readOnly } from '../../main/access/types.ts';
import { TokentrayError } from '../../main/errors.ts';
import { attempt, call, request, stateOf, world, type World } from './world.ts';

let w: World;
beforeEach(() => {
  w = world();
});
afterEach(() => w[Symbol.asyncDispose]());

const decide = (decision: 'allow' | 'deny', lasts: 'once' | 'session' | 'always', id = w.prompt()) =>
  w.access.prompts.decide(id, { decision, lasts }, 'window');

describe('an agent that nobody was asked about', () => {
  it('waits, hears at once and every five seconds that it does, and goes on when it is allowed', async () => {
    const guard = w.guard(w.agent('claude'));
    const one = attempt(guard);
    await w.clock.advance(12_000);
    expect(one.state()).toBe('waiting');
    expect(one.words).toHaveLength(3);
    expect(one.words[0]).toContain(`/approve/${w.prompt()}`);
    expect(guard.open()).toBe(false);
    decide('allow', 'always');
    expect(await stateOf(one)).toBe('admitted');
    expect(guard.open()).toBe(true);
  });

  it('hears after the time that was set where the answer can be given, and the answer counts when it comes again', async () => {
    const guard = w.guard(w.agent('claude'));
    w.wait = 5_000;
    const one = attempt(guard);
    await w.clock.advance(4_999);
    expect(one.state()).toBe('waiting');
    await w.clock.advance(1);
    const error = await one.outcome;
    expect(error).toMatchObject({ code: 'approval_needed', facts: { id: w.prompt() } });
    expect((error as TokentrayError).facts['url']).toBe(`http://127.0.0.1:18729/approve/${w.prompt()}`);
    await w.clock.advance(14 * 60_000);
    decide('allow', 'once');
    expect(await stateOf(attempt(guard))).toBe('admitted');
    expect(await w.stateNow(attempt(guard))).toBe('waiting');
  });

  it('is not asked about because it pings, lists or listens, and gets none of it from the server', async () => {
    const guard = w.guard(w.agent('claude'));
    for (const method of [
      'ping',
      'logging/setLevel',
      'prompts/list',
      'subscriptions/listen',
      'initialize',
      'tools/list',
    ]) {
      expect(await stateOf(attempt(guard, request(method)))).toBe('approval_needed');
    }
    expect(w.access.prompts.list()).toEqual([]);
  });

  it.each(['initialize', 'tools/list', 'resources/read', 'prompts/get', 'never/heard-of'])(
    'is asked about when it sends %s and nothing is known of the server',
    async (method) => {
      w.known = false;
      const guard = w.guard(w.agent('claude'));
      const one = attempt(guard, request(method));
      await w.clock.settle();
      expect(w.access.prompts.list()).toMatchObject([{ kind: 'use', tool: null, waiting: 1 }]);
      decide('allow', 'session');
      expect(await stateOf(one)).toBe('admitted');
    },
  );

  it('is asked about in one prompt however many of its requests wait, and all of them go on', async () => {
    const agent = w.agent('claude');
    const all = Array.from({ length: 100 }, (_, at) => attempt(w.guard(agent), call(`tool_${at}`)));
    await w.clock.settle();
    expect(w.access.prompts.list()).toMatchObject([{ waiting: 100, tool: 'tool_0' }]);
    decide('allow', 'always');
    expect(new Set(await Promise.all(all.map(stateOf)))).toEqual(new Set(['admitted']));
    expect(w.events.filter(({ kind }) => kind === 'approval-asked')).toHaveLength(1);
  });

  it('is asked about for each server', async () => {
    const agent = w.agent('claude');
    const first = attempt(w.guard(agent));
    const other = attempt(w.guard(agent, { server: 'notion' }));
    await w.clock.settle();
    const [prompt] = w.access.prompts.list();
    expect(w.access.prompts.list().map(({ server }) => server)).toEqual(['linear', 'notion']);
    decide('allow', 'always', prompt?.id);
    expect(await stateOf(first)).toBe('admitted');
    expect(other.state()).toBe('waiting');
  });

  it('leaves the question open when it goes away, and joins it when it comes again', async () => {
    const agent = w.agent('claude');
    const one = attempt(w.guard(agent));
    await w.clock.settle();
    const id = w.prompt();
    one.giveUp();
    expect(await stateOf(one)).toBe('approval_needed');
    expect(w.access.prompts.list()).toMatchObject([{ id, waiting: 0 }]);
    attempt(w.guard(agent));
    await w.clock.settle();
    expect(w.access.prompts.list()).toMatchObject([{ id, waiting: 1 }]);
  });
});

describe('once', () => {
  it('lets exactly one of many waiting requests through, and asks again for the others', async () => {
    const guard = w.guard(w.agent('claude'));
    const all = Array.from({ length: 5 }, () => attempt(guard));
    await w.clock.settle();
    const first = w.prompt();
    decide('allow', 'once');
    await w.clock.settle();
    expect(all.map((one) => one.state()).filter((state) => state === 'admitted')).toHaveLength(1);
    expect(w.access.prompts.list()).toMatchObject([{ waiting: 4 }]);
    expect(w.prompt()).not.toBe(first);
    expect(() => decide('allow', 'once', first)).toThrow(/nothing open/u);
  });

  it('is not used up by the lists that come before the call', async () => {
    w.known = false;
    const guard = w.guard(w.agent('claude'));
    const hello = attempt(guard, request('initialize'));
    await w.clock.settle();
    decide('allow', 'once');
    expect(await stateOf(hello)).toBe('admitted');
    expect(await stateOf(attempt(guard, request('tools/list')))).toBe('admitted');
    expect(await stateOf(attempt(guard))).toBe('admitted');
    expect(await w.stateNow(attempt(guard))).toBe('waiting');
  });

  it('does not break off the call that it was for', async () => {
    const guard = w.guard(w.agent('claude'));
    const one = attempt(guard);
    await w.clock.settle();
    decide('allow', 'once');
    await one.outcome;
    expect(guard.open()).toBe(false);
    expect(guard.ended.aborted).toBe(false);
  });

  it('cannot be used days later', async () => {
    const guard = w.guard(w.agent('claude'));
    const one = attempt(guard);
    await w.clock.advance(50_000);
    expect(one.state()).toBe('approval_needed');
    decide('allow', 'once');
    await w.clock.advance(15 * 60_000);
    expect(await w.stateNow(attempt(w.guard(w.store.agents.list()[0] as never)))).toBe('waiting');
  });
});

describe('no', () => {
  it('for once is the answer for all who wait, and the next one asks again', async () => {
    const guard = w.guard(w.agent('claude'));
    const all = [attempt(guard), attempt(guard)];
    await w.clock.settle();
    decide('deny', 'once');
    expect(await Promise.all(all.map(stateOf))).toEqual(['approval_denied', 'approval_denied']);
    expect(await w.stateNow(attempt(guard))).toBe('waiting');
  });

  it('for once, given when nobody waits any more, is the answer for the one that comes again', async () => {
    const guard = w.guard(w.agent('claude'));
    const one = attempt(guard);
    await w.clock.advance(50_000);
    await one.outcome;
    decide('deny', 'once');
    expect(await stateOf(attempt(guard))).toBe('approval_denied');
    expect(await w.stateNow(attempt(guard))).toBe('waiting');
  });

  it('for always asks nobody again', async () => {
    const agent = w.agent('claude');
    const one = attempt(w.guard(agent));
    await w.clock.settle();
    decide('deny', 'always');
    expect(await stateOf(one)).toBe('approval_denied');
    expect(await stateOf(attempt(w.guard(agent)))).toBe('approval_denied');
    w.restart();
    expect(await stateOf(attempt(w.guard(agent)))).toBe('approval_denied');
    expect(w.access.prompts.list()).toEqual([]);
  });
});

describe('a decision', () => {
  it('in the moment in which the wait is over counts, for this request or for the next', async () => {
    const guard = w.guard(w.agent('claude'));
    const one = attempt(guard);
    await w.clock.settle();
    const id = w.prompt();
    w.clock.after(50_000, () => w.access.prompts.decide(id, { decision: 'allow', lasts: 'once' }, 'window'));
    await w.clock.advance(50_000);
    // The request was faster: it hears that it has to come again.
    expect(one.state()).toBe('approval_needed');
    expect(await stateOf(attempt(guard))).toBe('admitted');
    expect(await w.stateNow(attempt(guard))).toBe('waiting');
  });

  it('is taken once, of two at the same time', async () => {
    const one = attempt(w.guard(w.agent('claude')));
    await w.clock.settle();
    const id = w.prompt();
    decide('deny', 'always', id);
    expect(() => decide('allow', 'always', id)).toThrowError(expect.objectContaining({ code: 'unknown_approval' }));
    expect(await stateOf(one)).toBe('approval_denied');
    expect(w.access.approvals.living()).toMatchObject([{ decision: 'deny' }]);
  });
});

const allowed = async (lasts: 'session' | 'always' = 'always') => {
  const agent = w.agent('claude');
  const guard = w.guard(agent);
  const one = attempt(guard);
  await w.clock.settle();
  decide('allow', lasts);
  await one.outcome;
  return { agent, guard };
};

describe('what ends', () => {
  it('by revoking shuts the agent out at once, streams and all', async () => {
    const { agent, guard } = await allowed();
    const other = w.guard(agent, { server: 'notion' });
    const [row] = w.access.approvals.living();
    expect(w.access.approvals.revoke(row?.id ?? '')).toBe(true);
    expect(guard.ended.aborted).toBe(true);
    expect(other.ended.aborted).toBe(false);
    expect(guard.open()).toBe(false);
    expect(await stateOf(attempt(guard))).toBe('approval_denied');
    expect(await w.stateNow(attempt(w.guard(agent)))).toBe('waiting');
    expect(w.access.approvals.revoke(row?.id ?? '')).toBe(false);
  });

  it('with the agent shuts it out of everything, and nobody is asked about it', async () => {
    const { agent, guard } = await allowed();
    const asking = attempt(w.guard(agent, { server: 'notion' }));
    await w.clock.settle();
    w.store.agents.revoke(agent.id, w.clock.now());
    w.access.agentEnded(agent.id, 'revoked');
    expect(guard.ended.aborted).toBe(true);
    expect(await stateOf(asking)).toBe('approval_denied');
    expect(w.access.prompts.list()).toEqual([]);
    expect(w.access.approvals.living()).toEqual([]);
    expect(await stateOf(attempt(w.guard(agent)))).toBe('unknown_agent');
  });

  it('with the server shuts everybody out of it', async () => {
    const { agent, guard } = await allowed();
    w.access.serverForgotten('linear');
    w.store.servers.remove('linear');
    expect(guard.ended.aborted).toBe(true);
    expect(w.access.approvals.living()).toEqual([]);
    expect(w.guard(agent, { server: 'notion' }).ended.aborted).toBe(false);
  });

  it('while a call waits for its own answer takes the question away, and does not let that call through', async () => {
    w.pin('delete', 'destructive');
    const { guard } = await allowed();
    const one = attempt(guard, call('delete', { id: 1 }));
    await w.clock.settle();
    const id = w.prompt();
    w.access.approvals.revokeAll();
    expect(w.access.prompts.list()).toEqual([]);
    expect(() => w.access.prompts.answer(id, true, 'window')).toThrow(/nothing open/u);
    expect(await stateOf(one)).toBe('approval_denied');
  });

  it('with the connection, of what was decided for its session', async () => {
    const { agent, guard } = await allowed('session');
    const beside = w.guard(agent);
    expect(await w.stateNow(attempt(beside))).toBe('waiting');
    expect(await stateOf(attempt(guard))).toBe('admitted');
    // Closing twice is closing once: another server of the same connection keeps the session.
    const { session } = w.caller(agent, 'stdio', 'one connection');
    const [notes, issues] = [w.guard(agent, { session }), w.guard(agent, { session, server: 'notion' })];
    w.access.approvals.decide(
      { agent, server: 'notion', account: 'default' },
      [session],
      { decision: 'allow', lasts: 'session' },
      'window',
    );
    notes.close();
    notes.close();
    expect(issues.open()).toBe(true);
    issues.close();
    guard.close();
    expect(w.access.approvals.living()).toEqual([]);
  });

  it('when the setting asks from now on, for those whom nobody allowed', async () => {
    const { guard: known } = await allowed();
    w.mode = 'off';
    w.access.settingChanged();
    const guard = w.guard(w.agent('cursor'));
    expect(guard.open()).toBe(true);
    w.mode = 'ask';
    w.access.settingChanged();
    expect(guard.ended.aborted).toBe(true);
    expect(known.ended.aborted).toBe(false);
  });
});

describe('approvals that are off', () => {
  it('ask nobody, let every agent through, and let go on what was waiting', async () => {
    const one = attempt(w.guard(w.agent('claude')));
    await w.clock.settle();
    w.mode = 'off';
    w.access.settingChanged();
    expect(await stateOf(one)).toBe('admitted');
    w.pin('delete', 'destructive', 'held');
    expect(await stateOf(attempt(w.guard(w.agent('cursor')), call('delete')))).toBe('admitted');
    expect(w.access.prompts.list()).toEqual([]);
  });

  it('leave what the person set for a server', async () => {
    w.mode = 'off';
    w.serverRules = { ...everything, deny: ['delete*'] };
    expect(await stateOf(attempt(w.guard(w.agent('claude')), call('delete_all')))).toBe('tool_refused');
  });
});

const withRules = async (rules: typeof everything) => {
  const guard = w.guard(w.agent('claude'));
  const one = attempt(guard, request('resources/read'));
  await w.clock.settle();
  w.access.prompts.decide(w.prompt(), { decision: 'allow', lasts: 'always', rules }, 'window');
  await one.outcome;
  return guard;
};

describe('rules', () => {
  it('for reading let calls through that are marked so, and everything that is no tool', async () => {
    w.pin('read', 'read-only');
    w.pin('write', 'unmarked');
    const guard = await withRules(readOnly);
    expect(await stateOf(attempt(guard, call('read')))).toBe('admitted');
    expect(await stateOf(attempt(guard, call('write')))).toBe('tool_refused');
    expect(await stateOf(attempt(guard, call('never-seen')))).toBe('tool_refused');
    expect(await stateOf(attempt(guard, request('resources/read')))).toBe('admitted');
    expect(await stateOf(attempt(guard, request('prompts/get')))).toBe('admitted');
    expect(await stateOf(attempt(guard, request('never/heard-of')))).toBe('tool_refused');
  });

  it('of the approval and of the server both have to let a call through', async () => {
    const guard = await withRules({ ...everything, deny: ['drop*'] });
    w.serverRules = { ...everything, deny: ['send*'] };
    expect(await stateOf(attempt(guard, call('drop_table')))).toBe('tool_refused');
    expect(await stateOf(attempt(guard, call('send_mail')))).toBe('tool_refused');
    expect(await stateOf(attempt(guard, call('keep')))).toBe('admitted');
    expect(await stateOf(attempt(guard, { ...call('drop_table'), method: 'Tools/Call' }))).toBe('tool_refused');
  });

  it('hide in a list what they refuse, and what is held; the rest passes as it is', async () => {
    w.pin('held', 'unmarked', 'held');
    const guard = await withRules({ ...everything, deny: ['drop*'] });
    const admitted = await guard.admit(request('tools/list'), { signal: new AbortController().signal });
    expect(admitted.reads).toBe(true);
    const tools = [{ name: 'drop_table' }, { name: 'held' }, { name: 'keep', extra: [1] }];
    expect(admitted.result({ tools, nextCursor: 'x' })).toEqual({
      tools: [{ name: 'keep', extra: [1] }],
      nextCursor: 'x',
    });
    expect(w.seen).toEqual([{ tools, agreed: true, page: { cursor: undefined, next: 'x' } }]);
    const nothingHidden = { tools: [{ name: 'keep' }] };
    expect(guard.filterTools(nothingHidden)).toBe(nothingHidden);
  });

  it('let a held tool be called by nobody', async () => {
    w.pin('held', 'read-only', 'held');
    const guard = await withRules(everything);
    expect(await stateOf(attempt(guard, call('held')))).toBe('tool_held');
  });

  it('that change count for the next call', async () => {
    const guard = await withRules(everything);
    const [row] = w.access.approvals.living();
    expect(await stateOf(attempt(guard, call('drop_table')))).toBe('admitted');
    w.access.approvals.change(row?.id ?? '', { rules: { ...everything, deny: ['drop*'] } });
    expect(await stateOf(attempt(guard, call('drop_table')))).toBe('tool_refused');
    expect(guard.ended.aborted).toBe(false);
  });
});

const destructive = async () => {
  w.pin('delete', 'destructive');
  const guard = w.guard(w.agent('claude'));
  const one = attempt(guard, request('resources/read'));
  await w.clock.settle();
  decide('allow', 'always');
  await one.outcome;
  return guard;
};

describe('a call that the person wants to see', () => {
  it('is shown with its arguments each time, and goes out when they say yes', async () => {
    const guard = await destructive();
    for (const id of [1, 2]) {
      const one = attempt(guard, call('delete', { id, note: 'a\u202eb' }));
      await w.clock.settle();
      const [prompt] = w.access.prompts.list();
      expect(prompt).toMatchObject({ kind: 'call', tool: 'delete', marked: 'destructive', cut: false });
      expect(prompt?.kind === 'call' && prompt.arguments).toBe(`{\n  "id": ${id},\n  "note": "a\\u202eb"\n}`);
      w.access.prompts.answer(w.prompt(), true, 'window');
      expect(await stateOf(one)).toBe('admitted');
    }
  });

  it('does not go out when they say no', async () => {
    const guard = await destructive();
    const one = attempt(guard, call('delete'));
    await w.clock.settle();
    w.access.prompts.answer(w.prompt(), false, 'window');
    expect(await stateOf(one)).toBe('call_declined');
    expect(w.calls.at(-1)).toMatchObject({ tool: 'delete', outcome: 'declined' });
  });

  it('is the answer for one call: of two that are the same, the other one is asked about anew', async () => {
    const guard = await destructive();
    const all = [attempt(guard, call('delete')), attempt(guard, call('delete'))];
    await w.clock.settle();
    expect(w.access.prompts.list()).toMatchObject([{ waiting: 2 }]);
    w.access.prompts.answer(w.prompt(), true, 'window');
    await w.clock.settle();
    expect(all.map((one) => one.state()).toSorted()).toEqual(['admitted', 'waiting']);
  });

  it('is not answered by a yes to other arguments', async () => {
    const guard = await destructive();
    const one = attempt(guard, call('delete', { id: 1 }));
    await w.clock.advance(50_000);
    await one.outcome;
    w.access.prompts.answer(w.prompt(), true, 'window');
    expect(await w.stateNow(attempt(guard, call('delete', { id: 2 })))).toBe('waiting');
    expect(await stateOf(attempt(guard, call('delete', { id: 1 })))).toBe('admitted');
    const again = attempt(guard, call('delete', { id: 1 }));
    await w.clock.settle();
    expect(again.state()).toBe('waiting');
  });
});

describe('the audit', () => {
  it('hears of each call once: how it ended, how long it took, and how large it was', async () => {
    const guard = w.guard(w.agent('claude'));
    const one = attempt(guard);
    await w.clock.advance(3_000);
    decide('allow', 'always');
    const admitted = await one.outcome;
    await w.clock.advance(1_000);
    if (!('finished' in admitted)) throw admitted;
    admitted.finished({ outcome: 'tool-error', bytes: 42 });
    admitted.finished({ outcome: 'ok', bytes: 1 });
    expect(w.calls).toMatchObject([
      { agent: 'claude', tool: 'create_issue', outcome: 'tool-error', requestBytes: 100, answerBytes: 42 },
    ]);
    // The person's time is not the server's.
    expect(w.calls).toMatchObject([{ ms: 1_000, waited: 3_000 }]);
  });

  it('hears which rule stood against a call', async () => {
    w.mode = 'off';
    w.serverRules = { ...everything, deny: ['create*'] };
    await stateOf(attempt(w.guard(w.agent('claude'))));
    expect(w.calls).toMatchObject([{ outcome: 'refused', rule: expect.stringContaining('create*') as string }]);
  });
});
