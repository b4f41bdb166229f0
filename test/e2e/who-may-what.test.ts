// The table of who may what is what happens: whatever rules and calls come together, exactly what it says reaches the server.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  definitionOf,
  hints as anyHints,
  plannedRules,
  plannedTool as anyTool,
  rulesOf,
  textOf,
  toolName,
} from '../support/access-arbitraries.ts';
import type { Hints, Name, PlannedRules, PlannedTool } from '../support/access-arbitraries.ts';
import type { TestAgent } from './access/agents.ts';
import { AgreedTools, expectTables, expectedOf, type Place } from './access/table.ts';
import type { Era, ToolServer } from './access/tool-server.ts';
import { personAtWindow, type PersonAtWindow } from './access/window.ts';
import { accessWorld, type AccessWorld } from './access/world.ts';

const cases = Number(process.env['TOKENTRAY_CASES'] ?? 1_000);
/** A no counts against an agent, for otherwise it could ask for ever; more than these would silence it. */
const mostDeclined = 3;

interface Here {
  readonly server: ToolServer;
  tools: readonly PlannedTool[];
  /** By account. */
  readonly agreed: Map<string, AgreedTools>;
}

interface Connection {
  readonly words: string;
  readonly agent: TestAgent;
  readonly place: Place;
  /** At the provider. */
  readonly sub: string;
  readonly here: Here;
}

/** Hints as the specification has them: the SDK gives up on a list with any other in it. */
const legal = (given: Hints): Hints =>
  given === null ? null : Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'boolean'));
const hints = anyHints.map(legal);
const plannedTool = anyTool.map((tool): PlannedTool => ({ ...tool, hints: legal(tool.hints) }));

const everybody: PlannedRules = { tools: 'everything', allow: [], deny: [], ask: 'never' };

let world: AccessWorld;
let atWindow: PersonAtWindow | null;
const connections: Connection[] = [];
const heres = new Map<string, Here>();
const declined = new Map<string, number>();

const distinct = (tools: readonly PlannedTool[]): PlannedTool[] => [
  ...new Map(tools.map((tool) => [textOf(tool.name), tool])).values(),
];

beforeAll(async () => {
  world = await accessWorld();
  const eras: Record<string, Era> = { handshake: 'old', stateless: 'new', changing: 'new' };
  for (const [at, [name, era]] of Object.entries(eras).entries()) {
    const server = await world.server(name, era);
    const tools = distinct(fc.sample(plannedTool, { numRuns: 24, seed: 7 + at }));
    server.tools = tools.map(definitionOf);
    heres.set(name, { server, tools, agreed: new Map() });
    await world.signIn(name, 'alice');
    await world.signIn(name, 'bob', 'second');
  }
  const { key } = await world.key('http agent');
  await pinStdioAgent();
  atWindow = await personAtWindow(world);
  for (const [server, here] of heres) {
    for (const era of ['old', 'new'] as const) {
      const [http, stdio] = [{ name: 'http agent', account: 'default', sub: 'alice' }, stdioAgent];
      await meet(http, server, here, `${era} agent over HTTP at ${server}`, () => world.http(key, server, era));
      await meet(stdio, server, here, `${era} agent over stdio at ${server}`, () =>
        world.stdio({ server, era, name: stdio.name }),
      );
    }
  }
}, 180_000);
afterAll(async () => {
  await atWindow?.[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const stdioAgent = { name: 'stdio agent', account: 'second', sub: 'bob' };

const idOf = async (name: string): Promise<string> =>
  (await world.person.agents.list()).find((agent) => agent.name === name)?.id ?? '';

/** It comes once, is known from then on, and gets an account of its own everywhere. */
async function pinStdioAgent(): Promise<void> {
  const { person } = world;
  const coming = world.stdio({ server: 'handshake', name: stdioAgent.name });
  const { id } = await world.asked();
  await person.approvals.decide({ id, decision: 'deny', lasts: 'once' });
  await (await coming).close();
  const agentId = await idOf(stdioAgent.name);
  for (const server of heres.keys()) await person.accounts.pin({ server, account: stdioAgent.account, agentId });
}

/** Opens one of its connections; the person allows it when it first asks. */
async function meet(
  { name, account, sub }: typeof stdioAgent,
  server: string,
  here: Here,
  words: string,
  open: () => Promise<TestAgent>,
): Promise<void> {
  const { person } = world;
  const agentId = await idOf(name);
  const known = async () =>
    (await person.approvals.list()).approvals.find(
      (one) => one.agentId === agentId && one.server === server && one.account === account,
    );
  const isNew = (await known()) === undefined;
  const opening = open();
  if (isNew) {
    const tried = opening.then((agent) => agent.call('whatever it is'));
    if (atWindow === null) await world.allowNext();
    else await atWindow.allow(name);
    await tried;
  }
  const agent = await opening;
  const approval = (await known())?.id ?? '';
  connections.push({ words, agent, place: { agentId, server, account, approval }, sub, here });
  const agreed = here.agreed.get(account) ?? new AgreedTools();
  here.agreed.set(account, agreed);
  await agent.list();
  agreed.listed(here.tools);
}

const change = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('add' as const), tool: plannedTool }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      at: fc.nat(),
      hints,
      words: fc.constantFrom('Other.', 'Writes.'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('accept' as const) }) },
);
const oneCase = fc.record({
  at: fc.nat(),
  approval: plannedRules,
  ofServer: fc.oneof(plannedRules, fc.constant(everybody)),
  change,
  calls: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ at: fc.nat(), yes: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ stranger: toolName }) },
    ),
    { minLength: 1, maxLength: 2 },
  ),
});
type Case = typeof oneCase extends fc.Arbitrary<infer T> ? T : never;

/** The third server changes its tools, and sometimes the person agrees to what it has become. */
async function changeTools({ here, place }: Connection, how: Case['change']): Promise<void> {
  if (how === null || place.server !== 'changing') return;
  const at = 'at' in how ? how.at % Math.max(1, here.tools.length) : 0;
  if (how.kind === 'add') here.tools = distinct([...here.tools, how.tool]).slice(-40);
  if (how.kind === 'drop' && here.tools.length > 8) here.tools = here.tools.filter((_, index) => index !== at);
  if (how.kind === 'change') {
    here.tools = here.tools.map((tool, index) =>
      index === at ? { ...tool, hints: how.hints, words: how.words } : tool,
    );
  }
  here.server.tools = here.tools.map(definitionOf);
  if (how.kind !== 'accept') return;
  const { server, account } = place;
  const held = (await world.person.tools.list({ server, account })).filter(({ state }) => state === 'held');
  const [one] = held;
  if (one === undefined) return;
  await world.person.tools.accept({ server, account, tools: [{ tool: one.tool, seenAt: one.seenAt }] });
  here.agreed.get(account)?.accept(one.tool);
}

/** Answers the question that this call leads to. */
async function answering(agentId: string, name: string, yes: boolean): Promise<boolean> {
  const prompt = await world.asked();
  expect(prompt).toMatchObject({ kind: 'call', agent: { id: agentId } });
  const saysNo = !yes && (declined.get(agentId) ?? 0) < mostDeclined;
  if (saysNo) declined.set(agentId, (declined.get(agentId) ?? 0) + 1);
  await world.person.approvals.answer({ id: prompt.id, allow: !saysNo });
  expect('tool' in prompt && prompt.tool !== null && prompt.tool.length <= name.length + 64).toBe(true);
  return !saysNo;
}

describe('the table of who may what', () => {
  it('names both agents with their evidence, three servers and two accounts, as the person allowed them in the window', async () => {
    expect(
      new Set(connections.map(({ place }) => JSON.stringify([place.agentId, place.server, place.account]))).size,
    ).toBe(6);
    const agents = await world.person.agents.list();
    expect(agents.find(({ name }) => name === 'stdio agent')?.checked).toMatchObject({
      by: process.platform === 'linux' ? 'kernel' : expect.any(String),
      script: expect.stringContaining('agent-program.ts'),
    });
    const { approvals } = await world.person.approvals.list();
    const places = new Set(approvals.map(({ decidedBy }) => decidedBy));
    expect([...places]).toEqual([atWindow === null ? 'command-line' : 'browser']);
    const identities = await world.person.accounts.list({ server: 'changing' });
    expect(identities.map(({ account }) => account)).toEqual(['default', 'second']);
  });

  it(
    `is what reaches the servers and nothing else does: ${cases} random rules and calls, in both bridges and both revisions`,
    {
      timeout: 600_000,
    },
    async () => {
      const seen = { allowed: 0, asked: 0, declined: 0, refused: 0, shown: 0, hidden: 0 };
      const through = new Set<string>();
      const property = fc.asyncProperty(oneCase, async (given) => {
        const connection = connections[given.at % connections.length];
        if (connection === undefined) throw new Error('nobody is connected');
        const { agent, place, here, sub, words } = connection;
        const { person } = world;
        const agreed = here.agreed.get(place.account) ?? new AgreedTools();
        const planned = { approval: given.approval, server: given.ofServer };
        const rules = [planned.approval, planned.server];
        await person.approvals.change({ id: place.approval, rules: rulesOf(planned.approval) });
        await person.tools.setRules({ server: place.server, rules: rulesOf(planned.server) });
        await changeTools(connection, given.change);

        const shown = new Set(await agent.list());
        agreed.listed(here.tools);
        await expectTables(person, place, planned, agreed);
        const names = here.tools.map(({ name }) => name);
        const may = expectedOf(rules, agreed, names);
        expect([...shown].sort(), words).toEqual(
          names.flatMap((name, index) => (may[index] === 'refused' ? [] : [textOf(name)])).sort(),
        );
        seen.shown += shown.size;
        seen.hidden += names.length - shown.size;

        for (const call of given.calls) {
          const name: Name = 'stranger' in call ? call.stranger : (names[call.at % names.length] ?? []);
          const [expected] = expectedOf(rules, agreed, [name]);
          const before = here.server.reached.length;
          const calling = agent.call(textOf(name), { n: before });
          const yes =
            expected === 'ask' ? await answering(place.agentId, textOf(name), 'yes' in call && call.yes) : false;
          const { failed, text } = await calling;
          const goes = expected === 'allowed' || yes;
          expect(here.server.reached.slice(before), `${words}: ${JSON.stringify(textOf(name))}: ${text}`).toEqual(
            goes ? [{ tool: textOf(name), sub }] : [],
          );
          expect(failed, text).toBe(!goes);
          seen[expected === 'ask' ? (yes ? 'asked' : 'declined') : expected === 'allowed' ? 'allowed' : 'refused'] += 1;
          if (goes) through.add(words);
        }
      });
      await fc.assert(property, { numRuns: cases, endOnFailure: true });
      // Nothing of it was shown by nothing having happened.
      if (cases < 1_000) return;
      expect(Math.min(seen.allowed, seen.refused, seen.shown, seen.hidden)).toBeGreaterThan(100);
      expect(seen.asked).toBeGreaterThan(20);
      expect(seen.declined).toBeGreaterThan(1);
      expect(through.size).toBe(connections.length);
    },
  );
});
