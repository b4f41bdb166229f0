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
            res.write(`id: ${at}\ndata: ${at}\n\n`);
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
        expect(await next(chunks)).toBe(`id: ${at}\ndata: ${at}\n\n`);
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

  it('in the middle of its body never lets the server see a whole request', async () => {
    const [arrived, ended] = [gate(), gate<string>()];
    const made = await bridged((req) => {
      req.once('data', () => arrived.open());
      req.once('end', () => ended.open('whole'));
      req.once('error', () => ended.open('broken'));
    });
    // A body above what is looked into for the era, so that it streams at once.
    const { req } = start(made);
    req.on('error', () => undefined);
    req.write(randomBytes(512 * 1024));
    await arrived.opened;
    req.destroy();
    expect(await ended.opened).toBe('broken');
  });
});

describe('a large body', () => {
  it.each([true, false])('of 50 MB passes both ways unchanged (length announced: %s)', async (announced) => {
    const made = await bridged((req, res) => {
      res.writeHead(200, { 'content-type': 'application/octet-stream' });
      void pipeline(req, res);
    });
    const block = randomBytes(1024 * 1024);
    const sent = createHash('sha256');
    const total = 50;
    const { req, head } = start(made, 'POST', announced ? { 'content-length': total * block.length } : {});
    const uploaded = pipeline(
      Readable.from(
        (function* () {
          for (let at = 0; at < total; at += 1) {
            sent.update(block);
            yield block;
          }
        })(),
      ),
      req,
    );
    const received = createHash('sha256');
    let bytes = 0;
    for await (const chunk of await head) {
      bytes += (chunk as Buffer).length;
      received.update(chunk as Buffer);
    }
    await uploaded;
    expect(bytes).toBe(total * block.length);
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

  it('waits for a server that reads slowly: the agent may not run ahead by more than buffers and the replay bound hold', async () => {
    const made = await bridged((req) => req.pause());
    const { req } = start(made);
    req.on('error', () => undefined);
    const block = Buffer.alloc(1024 * 1024);
    let written = 0;
    await new Promise<void>((resolve) => {
      const push = (): void => {
        if (written >= 400) return resolve();
        written += 1;
        if (req.write(block)) return push();
        const full = setTimeout(resolve, 500);
        req.once('drain', () => {
          clearTimeout(full);
          push();
        });
      };
      push();
    });
    expect(written).toBeLessThan(40);
    req.destroy();
  });

  it('below the bound is sent again after a refresh, whole', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { text: 'x'.repeat(3_000_000) },
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
    const size = 3_000_000;
    const made = await bridged((req, res) => {
      if (req.headers.authorization === 'Bearer upstream-1') {
        // The answer comes with the first bytes; the rest of the body is on its way, or not even sent yet.
        req.once('data', () => res.writeHead(401).end());
        return;
      }
      void text(req).then((received) => res.end(String(received.length)));
    });
    const { req, head } = start(made);
    req.write(Buffer.alloc(size - 10, 'a'));
    const refreshed = new Promise<void>((resolve) => {
      const decide = made.grant.onChallenge;
      made.grant.onChallenge = (challenge) => {
        resolve();
        return decide(challenge);
      };
    });
    await refreshed;
    req.end(Buffer.alloc(10, 'b'));
    expect(await text(await head)).toBe(String(size));
  });

  it('above the bound that meets a refused token gets the clear request to send it again', async () => {
    let requests = 0;
    const made = await bridged((req, res) => {
      requests += 1;
      req.resume();
      req.once('end', () => res.writeHead(401, { 'www-authenticate': 'Bearer' }).end());
    });
    const answer = await ask(made.mcp, {
      method: 'POST',
      headers: agentHeaders(made.key),
      body: Buffer.alloc(6_000_000, 'a'),
    });
    expect(answer.status).toBe(503);
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    expect(JSON.parse(answer.text)).toMatchObject({
      id: null,
      error: { message: expect.stringContaining('send the request again') as string },
    });
    expect(requests).toBe(1);
    // The refresh happened, so that the repetition by the agent succeeds.
    expect(made.grant.token).toBe('upstream-2');
  });
});
