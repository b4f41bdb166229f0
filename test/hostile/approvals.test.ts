// A yes is worth what it said and no more: once is one request, whoever is faster; what has ended stays ended.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../main/ports.ts';
import type { StdioAgent } from '../e2e/access/agents.ts';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';
import { modernCall, post } from './wire.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('what was allowed once', () => {
  let world: AccessWorld;
  let server: ToolServer;
  let stdio: StdioAgent;
  let key: string;

  beforeAll(async () => {
    world = await accessWorld();
    server = await world.server('notes', 'new');
    server.tools = [{ name: 'read', inputSchema: { type: 'object' } }];
    await world.signIn('notes', 'alice');
    await world.person.settings.set({ approvalWait: 5_000 });
    ({ key } = await world.key('http agent'));
    // What is known of the server is known from then on: no agent's hello raises a question any more.
    const first = await world.key('first');
    await world.allowNext(() => post(world.bridge, 'notes', { key: first.key, ...modernCall('read') }));
    await world.http(first.key, 'notes', 'new');
    stdio = await world.stdio({ server: 'notes', era: 'new' });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const answerOnce = async (): Promise<string> => {
    const { id } = await world.asked();
    return (await world.person.approvals.decide({ id, decision: 'allow', lasts: 'once' })).id;
  };

  /** The person says no to whatever is asked until that is over. */
  async function denyingTheRest<T>(trying: Promise<T>): Promise<T> {
    const now = { isOver: false };
    const over = trying.finally(() => (now.isOver = true));
    while (!now.isOver) {
      for (const { id } of (await world.person.approvals.list()).prompts) {
        // Nobody may wait for this answer any more.
        await world.person.approvals.decide({ id, decision: 'deny', lasts: 'once' }).catch(() => undefined);
      }
    }
    return over;
  }

  it.each(['HTTP', 'stdio'] as const)(
    'is one request, however many an agent sends in the same moment (%s)',
    async (link) => {
      const before = server.reached.length;
      const calls = Array.from({ length: 12 }, (_, n) =>
        link === 'HTTP' ? post(world.bridge, 'notes', { key, ...modernCall('read', n) }) : stdio.call('read', { n }),
      );
      const approval = await answerOnce();
      await denyingTheRest(Promise.all(calls));
      expect(server.reached).toHaveLength(before + 1);
      expect(await world.person.approvals.revoke({ id: approval })).toEqual({ revoked: false });
    },
  );

  it('is over for the request that comes again with the same bytes, also after a restart', async () => {
    const other = await world.key('again');
    const call = { key: other.key, ...modernCall('read') };
    const first = post(world.bridge, 'notes', call);
    await answerOnce();
    expect((await first).body).toContain('called');
    const before = server.reached.length;
    expect((await denyingTheRest(post(world.bridge, 'notes', call))).body).toContain('denied');
    await world.restart();
    await world.signIn('notes', 'alice');
    expect((await denyingTheRest(post(world.bridge, 'notes', call))).body).toContain('denied');
    expect(server.reached).toHaveLength(before);
  });

  it('is answered once: a second answer, to the same or to a question that never was, changes nothing', async () => {
    const late = await world.key('late');
    const waiting = post(world.bridge, 'notes', { key: late.key, ...modernCall('read') });
    const { id } = await world.asked();
    const answers = await Promise.allSettled(
      (['deny', 'allow', 'allow', 'allow'] as const).map((decision) =>
        world.person.approvals.decide({ id, decision, lasts: 'always' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    await waiting;
    for (const forged of [id, 'aaaaaaaaaa', 'zzzzzzzzzz', '../../etc', id.toUpperCase()]) {
      await expect(
        world.person.approvals.decide({ id: forged, decision: 'allow', lasts: 'always' }),
      ).rejects.toMatchObject({ code: 'unknown_approval' });
    }
  });
});

describe('a clock that is set back', () => {
  let live: LiveBroker;
  const time = { now: Date.now() };
  const clock: Clock = {
    now: () => time.now,
    after(ms, task) {
      const timer = setTimeout(task, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
  afterEach(() => live[Symbol.asyncDispose]());

  /** Allowed for an hour from now. */
  async function allowedForAnHour(): Promise<string> {
    time.now = Date.UTC(2026, 5, 1);
    live = await liveBroker({ broker: { approvals: 'ask', clock } });
    await live.signIn();
    const { key } = await live.client.script.addAgent({ name: 'agent' });
    const first = status(key);
    await expect.poll(async () => (await live.client.approvals.list()).prompts.length).toBe(1);
    const [prompt] = (await live.client.approvals.list()).prompts;
    await live.client.approvals.decide({
      id: prompt?.id ?? '',
      decision: 'allow',
      lasts: 'until',
      until: time.now + hour,
    });
    expect(await first).toContain('said');
    await live.client.settings.set({ approvalWait: 5_000 });
    return key;
  }

  const status = async (key: string): Promise<string> => {
    const call = modernCall('echo');
    call.body.params.arguments = { text: 'said' };
    return (await post(live.broker.control.bridge?.url ?? '', 'notes', { key, ...call })).body;
  };

  it('revives nothing that has ended, in the broker that runs and in the next one', async () => {
    const key = await allowedForAnHour();
    time.now += 2 * hour;
    expect((await live.client.approvals.list()).approvals).toEqual([]);
    for (const back of [3 * hour, 400 * 24 * hour]) {
      time.now -= back;
      expect((await live.client.approvals.list()).approvals).toEqual([]);
      await live.restart();
      expect((await live.client.approvals.list()).approvals).toEqual([]);
    }
    expect(await status(key)).not.toContain('said');
  });

  it('lengthens nothing: an hour is an hour, though the broker was restarted with a clock of ten days ago', async () => {
    await allowedForAnHour();
    time.now += hour / 2;
    expect((await live.client.approvals.list()).approvals).toHaveLength(1);
    time.now -= 240 * hour;
    await live.restart();
    expect((await live.client.approvals.list()).approvals).toHaveLength(1);
    time.now += hour / 2 + minute;
    expect((await live.client.approvals.list()).approvals).toEqual([]);
  });
});
