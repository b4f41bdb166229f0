// An agent that calls a destructive tool without having listed it is asked about like any other, on every way to every kind of server.
import { describe, expect, it } from 'vitest';
import { everything } from '../../main/access/types.ts';
import { TokentrayError } from '../../main/errors.ts';
import type { GrantState } from '../../main/grants/types.ts';
import { startMcpServer, type ServerEra } from '../support/mcp-server.ts';
import { guardedBridge, type Era, type Link } from './guarded.ts';
import { answer, list, type Handler } from './scripted.ts';
import { loopback, withBody } from './fixture.ts';
import type { Json } from './relay/raw.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const update = (text: string) => ({ name: 'update', arguments: { text } });
const ways = (['stdio', 'HTTP'] as const).flatMap((link) =>
  (['old', 'new'] as const).flatMap((era) =>
    (['modern', 'legacy', 'legacy-sse'] as const).map((server): [Link, Era, ServerEra] => [link, era, server]),
  ),
);

async function withServer(url: string, options: Parameters<typeof guardedBridge>[1] = {}) {
  const made = kept(await guardedBridge(url, { lists: true, ...options }));
  made.access.allow(made.agent, everything);
  const answerNext = async (allow: boolean) =>
    made.access.access.prompts.answer(await made.access.prompt(), allow, 'window');
  return { ...made, answerNext };
}

describe('a destructive tool that its agent never listed', () => {
  it.each<[Link, Era, ServerEra]>(ways)('is asked about over %s, %s agent, %s server', async (link, era, serverEra) => {
    const server = kept(await startMcpServer({ era: serverEra }));
    const made = await withServer(server.url);
    const agent = kept(await made.open(link, era));
    const declined = agent.ask('tools/call', update('no'));
    await made.access.prompt();
    expect(made.access.access.prompts.list()).toMatchObject([{ kind: 'call', tool: 'update', marked: 'destructive' }]);
    await made.answerNext(false);
    expect(JSON.stringify(await declined)).toContain('said no');
    expect(server.calls['update']).toBeUndefined();
    const allowed = agent.ask('tools/call', update('yes'));
    await made.answerNext(true);
    expect(JSON.stringify(await allowed)).toContain('updated');
    expect(server.calls['update']).toBe(1);
    // And what is marked as reading goes on unasked.
    await agent.ask('tools/call', { name: 'echo', arguments: { text: 'hello' } });
    expect(server.calls['echo']).toBe(1);
    // The session that the list was read in is not left behind.
    await expect.poll(() => server.sessions()).toBe(serverEra === 'modern' ? 0 : 1);
  });
});

describe('a list that cannot be had', () => {
  const scripted = async (handle: Handler): Promise<{ url: string }> =>
    kept(
      await loopback(
        withBody((req, res, body) => {
          const message = (body === '' ? {} : JSON.parse(body)) as Json;
          if (message['method'] === 'server/discover')
            return void res.writeHead(400).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}');
          if (message['method'] === 'initialize') return answer(res, message, greeting);
          if (!('id' in message)) return void res.writeHead(req.method === 'POST' ? 202 : 405).end();
          handle(req, res, message);
        }),
      ),
    );
  const greeting = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'odd', version: '1' },
  };

  it.each([
    ['a failure', (res) => void res.writeHead(500).end('broken')],
    ['no list', (res, message) => answer(res, message, { tools: 'many' })],
    ['a list without an end', (res, message) => answer(res, message, { tools: [], nextCursor: 'on' })],
    [
      'a refusal',
      (res, { id }) => void res.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32603, message: 'no' } })),
    ],
  ] as [string, (res: Parameters<Handler>[1], message: Json) => void][])(
    'makes each call a question: %s',
    async (_what, listing) => {
      const reached: unknown[] = [];
      const server = await scripted((_req, res, message) => {
        res.setHeader('content-type', 'application/json');
        if (message['method'] === 'tools/list') return listing(res, message);
        reached.push(message['params']);
        answer(res, message, { content: [] });
      });
      const made = await withServer(server.url);
      const agent = kept(await made.open('HTTP', 'old'));
      const calling = agent.ask('tools/call', update('x'));
      await made.access.prompt();
      expect(made.access.access.prompts.list()).toMatchObject([{ kind: 'call', tool: 'update', marked: 'unknown' }]);
      expect(reached).toEqual([]);
      await made.answerNext(true);
      await calling;
      expect(reached).toHaveLength(1);
    },
  );

  it('of a server that knows no such method is an empty one', async () => {
    const server = await scripted((_req, res, message) => {
      res.setHeader('content-type', 'application/json');
      if (message['method'] === 'tools/call') return answer(res, message, { content: [] });
      res.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], error: { code: -32601, message: 'no' } }));
    });
    const made = await withServer(server.url);
    const agent = kept(await made.open('stdio', 'old'));
    expect(await agent.ask('tools/call', update('x'))).toMatchObject({ result: { content: [] } });
  });

  it('of a server that is not there makes the call fail as it would have, and asks nobody', async () => {
    let there = true;
    const server = await scripted((_req, res, message) => {
      if (!there) return void res.destroy();
      res.setHeader('content-type', 'application/json');
      answer(res, message, list);
    });
    const made = await withServer(server.url);
    const agent = kept(await made.open('HTTP', 'old'));
    there = false;
    const told = await agent.ask('tools/call', update('x'));
    expect(JSON.stringify(told)).toMatch(/reached|connection/u);
    expect(made.access.access.prompts.list()).toEqual([]);
  });
});

describe('while nobody has signed in', () => {
  it.each<[Link, Era]>([
    ['stdio', 'old'],
    ['stdio', 'new'],
    ['HTTP', 'old'],
    ['HTTP', 'new'],
  ])('the call is told where to sign in, and is asked about after that: %s, %s agent', async (link, era) => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const signedOut = new TokentrayError('needs_sign_in', 'nobody is signed in');
    let state: GrantState['kind'] = 'open';
    let refusal: TokentrayError | null = null;
    const made = await withServer(server.url, { state: () => state, refuses: () => refusal });
    const agent = kept(await made.open(link, era));
    for (const lost of [false, true]) {
      // Known beforehand, or found out when a token was wanted.
      state = lost ? 'open' : 'needs-sign-in';
      refusal = signedOut;
      expect(JSON.stringify(await agent.ask('tools/call', update('x')))).toContain('/sign-in/notes');
      expect(made.access.access.prompts.list()).toEqual([]);
    }
    [state, refusal] = ['open', null];
    const calling = agent.ask('tools/call', update('x'));
    await made.answerNext(false);
    expect(JSON.stringify(await calling)).toContain('said no');
    expect(server.calls['update']).toBeUndefined();
  });

  it.each<[Link, Era]>([
    ['stdio', 'old'],
    ['stdio', 'new'],
  ])('the call that waits for the sign-in is asked about once it is there: %s, %s agent', async (link, era) => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    let refusal: TokentrayError | null = new TokentrayError('needs_sign_in', 'nobody is signed in');
    const made = await withServer(server.url, {
      state: () => (refusal === null ? 'open' : 'needs-sign-in'),
      refuses: () => refusal,
    });
    const agent = kept(await made.open(link, era, { elicitation: { form: {}, url: {} } }));
    const waiting = agent.ask('tools/call', update('x'));
    const accept = { action: 'accept' };
    let calling = waiting;
    if (era === 'old') {
      await expect.poll(() => agent.heard.find(({ method }) => method === 'elicitation/create')).toBeDefined();
      const { id } = agent.heard.find(({ method }) => method === 'elicitation/create') as Json;
      refusal = null;
      agent.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: accept })}\n`);
    } else {
      expect(await waiting).toMatchObject({ result: { resultType: 'input_required' } });
      refusal = null;
      calling = agent.ask('tools/call', { ...update('x'), inputResponses: { 'tokentray-sign-in': accept } });
    }
    await made.access.prompt();
    expect(made.access.access.prompts.list()).toMatchObject([{ kind: 'call', tool: 'update', marked: 'destructive' }]);
    expect(server.calls['update']).toBeUndefined();
    await made.answerNext(true);
    expect(JSON.stringify(await calling)).toContain('updated');
    expect(server.calls['update']).toBe(1);
  });
});
