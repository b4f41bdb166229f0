// The era of a server is found out once, from evidence only, and asked again when the evidence has aged.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { agentEra, detectServerEra } from '../../main/bridge/eras.ts';
import { TokentrayError } from '../../main/errors.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { testUpstream } from './relay/bench.ts';
import { hello, rawAgent, stamped } from './relay/raw.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function answering(
  status: number,
  body: string,
  type = 'text/html',
): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, asked: () => asked };
}

const refusal = (supported: string[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32022, message: '', data: { supported } } });
const at = (headers: Record<string, string>, body?: unknown): string => agentEra(new Headers(headers), body);

describe('the era of a server', () => {
  it.each(['modern', 'legacy', 'legacy-sse'] as const)(
    'is found to be %s, by one probe for all who ask',
    async (era) => {
      const server = await startMcpServer({ era });
      open.push(server);
      const upstream = testUpstream(server.url);
      const verdicts = await Promise.all([detectServerEra(upstream), detectServerEra(upstream)]);
      expect([...verdicts, await detectServerEra(upstream)]).toEqual([era, era, era]);
      expect(upstream.era.get()).toBe(era);
      expect(server.log.list({ method: 'POST' })).toHaveLength(1);
    },
  );

  it.each([
    [401, ''],
    [403, '{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}'],
    [429, 'slow down'],
    [500, ''],
    [503, '<html>'],
  ])('is not decided by an answer of %i', async (status, body) => {
    const { url } = await answering(status, body);
    const upstream = testUpstream(url);
    await expect(detectServerEra(upstream)).rejects.toMatchObject({ code: 'unreachable', facts: { status } });
    expect(upstream.era.get()).toBeNull();
  });

  it('is not decided by a missing sign-in, which comes out as what it is', async () => {
    const upstream = testUpstream('http://127.0.0.1:9/mcp', { ready: false });
    await expect(detectServerEra(upstream)).rejects.toThrow(TokentrayError);
    await expect(detectServerEra(upstream)).rejects.toMatchObject({ code: 'needs_sign_in' });
  });

  it('is legacy for a page that says that there is nothing', async () => {
    const { url } = await answering(404, '<h1>Not found</h1>');
    expect(await detectServerEra(testUpstream(url))).toBe('legacy');
  });

  it('is legacy where only earlier revisions are offered, and nothing we know where only later ones are', async () => {
    const earlier = await answering(400, refusal(['2025-11-25']), 'application/json');
    expect(await detectServerEra(testUpstream(earlier.url))).toBe('legacy');
    const later = await answering(400, refusal(['2030-01-01']), 'application/json');
    await expect(detectServerEra(testUpstream(later.url))).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is believed for a day when it was found here, and without a probe when the store says legacy', async () => {
    const server = await startMcpServer({ era: 'legacy' });
    open.push(server);
    const clock = createFakeClock();
    const upstream = testUpstream(server.url, { clock });
    const probes = (): number => server.log.list({ rpc: 'server/discover' }).length;
    await detectServerEra(upstream);
    await clock.advance(23 * 60 * 60_000);
    await detectServerEra(upstream);
    expect(probes()).toBe(1);
    await clock.advance(2 * 60 * 60_000);
    await detectServerEra(upstream);
    expect(probes()).toBe(2);
    expect(await detectServerEra(testUpstream(server.url, { era: 'legacy' }))).toBe('legacy');
    expect(probes()).toBe(2);
  });

  it.each([
    ['old', 'initialize', hello()],
    ['new', 'tools/list', stamped()],
  ] as const)(
    'is asked again when a server believed to be legacy was upgraded (%s agent)',
    async (_, method, params) => {
      const server = await startMcpServer({ era: 'modern' });
      open.push(server);
      const upstream = testUpstream(server.url, { era: 'legacy' });
      const agent = rawAgent(upstream);
      open.push(agent.session);
      expect(await agent.ask(method, params)).toHaveProperty('result');
      expect(upstream.era.get()).toBe('modern');
    },
  );
});

describe('the era of a request', () => {
  const version = { 'mcp-protocol-version': '2026-07-28' };

  it('is what its body says, whatever became of the headers', () => {
    const body = { method: 'tools/list', params: stamped() };
    expect(at({}, body)).toBe('modern');
    expect(at({ 'mcp-session-id': 's', 'mcp-protocol-version': '2025-11-25' }, body)).toBe('modern');
    expect(at(version, { method: 'initialize', params: hello() })).toBe('legacy');
  });

  it('is read from the headers where the body says nothing', () => {
    expect(at(version, { method: 'tools/list' })).toBe('modern');
    expect(at({ 'mcp-protocol-version': '2025-11-25' })).toBe('legacy');
    expect(at({ 'mcp-session-id': 's' })).toBe('legacy');
    expect(at({}, 'nonsense')).toBe('legacy');
  });
});
