// The number in a call is the same one in the question, in the audit and at the server, whichever bridge and revision it comes by.
import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../main/access/exact-number.ts';
import { toolCallEntry } from '../../main/audit/tool-call.ts';
import { startMcpServer, type McpTestServer, type ServerEra } from '../support/mcp-server.ts';
import { withoutRules } from './access.ts';
import { guardedBridge, type Era, type Link } from './guarded.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const ways = (['stdio', 'HTTP'] as const).flatMap((link) =>
  (['old', 'new'] as const).flatMap((era) =>
    (['modern', 'legacy', 'legacy-sse'] as const).map((server): [Link, Era, ServerEra] => [link, era, server]),
  ),
);

const large = '9007199254740993';
/** What JavaScript makes of it. */
const rounded = '9007199254740992';
const add = (a: string) => ({ name: 'add', arguments: { a: exactNumber(a) ?? Number(a), b: exactNumber('1e400') } });

const callsAt = ({ requests }: McpTestServer): string[] =>
  requests.flatMap(({ body }) => {
    const text = body.toString();
    return text.includes('"tools/call"') ? (/"arguments":(\{[^}]*\})/u.exec(text)?.[1] ?? '') : [];
  });

describe.each<[Link, Era, ServerEra]>(ways)(
  'over %s, from an agent that is %s, to a %s server',
  (link, era, serverEra) => {
    async function world() {
      const server = kept(await startMcpServer({ era: serverEra }));
      const made = kept(await guardedBridge(server.url));
      made.access.allow(made.agent, { ...withoutRules, ask: 'changes' });
      const agent = kept(await made.open(link, era));
      const { prompts } = made.access.access;
      const shown = (): unknown[] => prompts.list().map((one) => (one.kind === 'call' ? one.arguments : null));
      return { server, made, agent, prompts, shown };
    }

    it('a number that JavaScript cannot hold is asked about, sent and recorded as it is', async () => {
      const { server, made, agent, prompts, shown } = await world();
      const calling = agent.ask('tools/call', add(large));
      const id = await made.access.prompt();
      expect(shown()).toEqual([`{\n  "a": ${large},\n  "b": 1e400\n}`]);
      prompts.answer(id, true, 'window');
      await calling;
      expect(callsAt(server)).toEqual([`{"a":${large},"b":1e400}`]);
      await expect.poll(() => made.access.calls.length).toBe(1);
      const [call] = made.access.calls;
      const entry = call === undefined ? null : toolCallEntry(call, true);
      expect(entry?.detail).toMatchObject({ arguments: { a: large, b: '1e400' } });
    });

    it('a yes to one number is none to the number that it would be rounded to', async () => {
      const { server, made, agent, prompts, shown } = await world();
      const waiting = agent.ask('tools/call', add(large));
      const id = await made.access.prompt();
      await made.waits.advance(50_000);
      expect(JSON.stringify(await waiting)).toContain('/approve/');
      prompts.answer(id, true, 'window');
      const other = agent.ask('tools/call', add(rounded));
      const asked = await made.access.prompt();
      expect(shown()).toEqual([`{\n  "a": ${rounded},\n  "b": 1e400\n}`]);
      expect(callsAt(server)).toEqual([]);
      prompts.answer(asked, false, 'window');
      expect(JSON.stringify(await other)).toContain('said no');
      await agent.ask('tools/call', add(large));
      expect(callsAt(server)).toEqual([`{"a":${large},"b":1e400}`]);
    });
  },
);
