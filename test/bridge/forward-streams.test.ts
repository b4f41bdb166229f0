// The bridge holds nothing back: streams arrive as they are sent, at the pace of the slower side, and end together.
import { createHash, randomBytes } from 'node:crypto';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { agentHeaders, ask, call, gate, loopback, setup, text, withBody, type Setup } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function bridged(handler: Parameters<typeof loopback>[0]): Promise<Setup> {
  const server = await loopback(handler);
  const made = await setup({ upstream: server.url });
  open.push(made, server);
  return made;
}

/** The request under way and the head of its answer. */
function start(made: Setup, method = 'POST', more = {}): { req: ClientRequest; head: Promise<IncomingMessage> } {
  const req = request(made.mcp, { method, headers: agentHeaders(made.key, more), agent: false });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    req.once('response', resolve);
    req.once('error', reject);
  });
  head.catch(() => undefined);
  return { req, head };
}

/** A message of the server’s own, as the stream of a session carries it. */
const event = (at: number): string =>
  `id: ${at}\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":${at}}}\n\n`;

const next = async (chunks: AsyncIterator<Buffer>): Promise<string> => String((await chunks.next()).value);

describe('an event stream', () => {
  it.each(['POST', 'GET'])(
    'on a %s begins before its first event, and each event comes before the next is sent',
    async (method) => {
      const steps = [gate(), gate(), gate()];
      const made = await bridged((req, res) => {
        void (async () => {
          req.resume();
          res.writeHead(200, { 'content-type': 'text/event-stream' });
          res.flushHeaders();
          for (const [at, step] of steps.entries()) {
            await step.opened;
            res.write(event(at));
          }
          res.end();
        })();
      });
      const { req, head } = start(made, method, { 'mcp-session-id': 's' });
      req.end(method === 'POST' ? call(1) : undefined);
      const res = await head;
      expect(res.headers['content-type']).toBe('text/event-stream');
      const chunks = res[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (const [at, step] of steps.entries()) {
        step.open();
        expect(await next(chunks)).toBe(event(at));
      }
      expect((await chunks.next()).done).toBe(true);
    },
  );

  it('that the server breaks off breaks off at the agent, and does not end as if it were whole', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: 1\n\n', () => res.destroy());
    });
    const { req, head } = start(made);
    req.end(call(1));
    await expect(text(await head)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('that the agent leaves is left at the server', async () => {
    const left = gate();
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: 1\n\n');
      res.once('close', () => left.open());
    });
    const { req, head } = start(made);
    req.end(call(1));
    const res = await head;
    res.once('error', () => undefined);
    req.destroy();
    await left.opened;
  });

  it('ends when the bridge is closed', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: 1\n\n');
    });
    const { req, head } = start(made);
    req.end(call(1));
    const res = await head;
    const ended = text(res);
    await made.bridge.close();
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('an agent that hangs up', () => {
  it('while it waits for an answer takes its request to the server with it', async () => {
    const [arrived, left] = [gate(), gate()];
    const made = await bridged((req, res) => {
      req.resume();
      res.once('close', () => left.open());
      req.once('end', () => arrived.open());
    });
    const { req } = start(made);
    req.on('error', () => undefined);
    req.end(call(1));
    await arrived.opened;
    req.destroy();
    await left.opened;
  });

  it('in the middle of its body never lets the server see anything of it', async () => {
    let arrived = 0;
    const made = await bridged((_req, res) => {
      arrived += 1;
      res.end();
    });
    const { req } = start(made, 'POST', { 'content-length': 1_000_000 });
    req.on('error', () => undefined);
    await new Promise<void>((resolve) => void req.write(`{"jsonrpc":"2.0",${' '.repeat(500_000)}`, () => resolve()));
    req.destroy();
    expect((await ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body: call(2) })).status).toBe(200);
    expect(arrived).toBe(1);
  });
});

describe('a large body', () => {
  it.each([true, false])('of 48 MB passes both ways unchanged (length announced: %s)', async (announced) => {
    const made = await bridged((req, res) => {
      res.writeHead(200, { 'content-type': 'application/octet-stream' });
      void pipeline(req, res);
    });
    const block = Buffer.from(randomBytes(768 * 1024).toString('base64'));
    const sent = createHash('sha256');
    const total = 48;
    const [head, tail] = ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"text":"', '"}}'].map((part) =>
      Buffer.from(part),
    );
    const parts = [head, ...Array.from({ length: total }, () => block), tail].flatMap((part) => part ?? []);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const asked = start(made, 'POST', announced ? { 'content-length': length } : {});
    const uploaded = pipeline(
      Readable.from(
        (function* () {
          for (const part of parts) {
            sent.update(part);
            yield part;
          }
        })(),
      ),
      asked.req,
    );
    const received = createHash('sha256');
    let bytes = 0;
    for await (const chunk of await asked.head) {
      bytes += (chunk as Buffer).length;
      received.update(chunk as Buffer);
    }
    await uploaded;
    expect(bytes).toBe(length);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  it('waits for an agent that reads slowly: the server may not run ahead by more than buffers hold', async () => {
    let written = 0;
    const stuck = gate();
    const block = Buffer.alloc(1024 * 1024);
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'application/octet-stream' });
      const push = (): void => {
        while (written < 400) {
          written += 1;
          if (res.write(block)) continue;
          // Nothing moves for a while: everything between here and the agent is full.
          const full = setTimeout(() => stuck.open(), 500);
          res.once('drain', () => {
            clearTimeout(full);
            push();
          });
          return;
        }
        stuck.open();
      };
      push();
    });
    const { req, head } = start(made);
    req.end(call(1));
    const res = await head;
    res.pause();
    await stuck.opened;
    // Kernel buffers on loopback are some megabytes a connection; 400 would mean that the bridge swallowed it all.
    expect(written).toBeLessThan(40);
    req.destroy();
  });

  it('above what one message may be is read no further, and the server never hears of it', async () => {
    let arrived = 0;
    const made = await bridged((_req, res) => {
      arrived += 1;
      res.end();
    });
    const answer = await ask(made.mcp, {
      method: 'POST',
      headers: agentHeaders(made.key, { 'transfer-encoding': 'chunked' }),
      body: Buffer.alloc(65 * 1024 * 1024, ' '),
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { data: { code: 'invalid_input' } } });
    expect(arrived).toBe(0);
  });

  it('is sent again after a refresh, whole', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { text: 'x'.repeat(9_000_000) },
    });
    const bodies: number[] = [];
    const made = await bridged(
      withBody((req, res, received) => {
        bodies.push(received.length);
        res.writeHead(req.headers.authorization === 'Bearer upstream-1' ? 401 : 200).end(String(received === body));
      }),
    );
    const answer = await ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body });
    expect(answer).toMatchObject({ status: 200, text: 'true' });
    expect(bodies).toEqual([body.length, body.length]);
  });

  it('that is refused before it was read is sent again from its start', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { text: 'x'.repeat(3_000_000) },
    });
    const made = await bridged((req, res) => {
      if (req.headers.authorization === 'Bearer upstream-1') {
        // The answer comes with the first bytes; the rest of the body is on its way, or not even sent yet.
        req.once('data', () => res.writeHead(401).end());
        return;
      }
      void text(req).then((received) => res.end(String(received.length)));
    });
    const answer = await ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body });
    expect(answer.text).toBe(String(body.length));
  });
});
