// The relay for agents on HTTP that do not speak the server's era, or whose server nobody has signed in to.
import {
  classifyInboundRequest,
  isJsonContentType,
  PerRequestHTTPServerTransport,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { InboundModernRoute } from '@modelcontextprotocol/server';
import { agentEra } from '../eras.ts';
import { headersDisagree } from '../../access/message.ts';
import type { MirroredHeaders } from '../../access/message.ts';
import { idsOf, readIncoming, valueOf } from '../incoming.ts';
import type { Incoming, ReadMessages } from '../incoming.ts';
import { Batch } from './batch.ts';
import { NewAgents } from './new-agent.ts';
import { OldAgent } from './old-agent.ts';
import { roomFor } from './room.ts';
import { defaultLimits } from './types.ts';
import type { GuardedUpstream, HttpAgent, HttpRelay, RelayLimits, RelayOptions, Upstream } from './types.ts';
import { endWhenUnread, mostUnread } from './unread.ts';
import { asObject, codes, fail, fromSdk, hear, isCall, nothing, notice, reply, toSdk } from './wire.ts';
import type { Id, Message } from './wire.ts';

interface Session {
  readonly agent: string;
  readonly upstream: GuardedUpstream;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly oldAgent: OldAgent;
  /** Of the requests that are about to come out of the transport, which gives them one by one. */
  readonly batches: Map<Id, Batch>;
  usedAt: number;
}

async function release({ transport, oldAgent }: Session): Promise<void> {
  await Promise.allSettled([transport.close(), oldAgent.close()]);
}

export function createHttpRelay(
  upstream: Pick<Upstream, 'name' | 'log' | 'clock'>,
  options: RelayOptions = {},
): HttpRelay {
  const limits: RelayLimits = { ...defaultLimits, ...options.limits };
  const sessions = new Map<string, Session>();
  const agents = new NewAgents(limits);
  const answering = new Map<PerRequestHTTPServerTransport, GuardedUpstream>();

  const end = async (id: string): Promise<void> => {
    const session = sessions.get(id);
    if (session === undefined) return;
    sessions.delete(id);
    await release(session);
  };

  const keep = (id: string, session: Session): void => {
    const longestIdleFirst = [...sessions].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    const room = roomFor(longestIdleFirst, session.agent, { all: limits.sessions, perAgent: limits.sessionsPerAgent });
    if (room.kind === 'instead') void end(room.of);
    sessions.set(id, session);
  };

  const newSession = async ({ agent, upstream: seen }: HttpAgent): Promise<Session> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => keep(id, session),
      onsessionclosed: (id) => end(id),
    });
    const oldAgent = new OldAgent(seen, limits, (message, about) => {
      transport.send(toSdk(message), about === undefined ? {} : { relatedRequestId: about }).catch(() => {
        upstream.log.debug('a message found no stream of the agent to go to', { server: upstream.name });
      });
    });
    const batches = new Map<Id, Batch>();
    const session: Session = { agent, upstream: seen, transport, oldAgent, batches, usedAt: upstream.clock.now() };
    const onmessage = (read: Message): void => {
      oldAgent.receive(read, isCall(read) ? (batches.get(read.id) ?? null) : null);
      // Nothing more comes for a request that was cancelled, so its stream would stay open for ever.
      if ('method' in read && read.method === 'notifications/cancelled') {
        const id = read.params?.['requestId'];
        if (typeof id === 'string' || typeof id === 'number') transport.closeSSEStream(id);
      }
    };
    hear(transport, { onmessage });
    await transport.start();
    return session;
  };

  const serveOld = async (request: Request, body: ReadMessages | null, asks: HttpAgent): Promise<Response> => {
    for (const message of body?.messages ?? []) {
      // This era knows no such headers, but there are servers that go by them whoever sends them.
      const wrong = headersDisagree(mirrored(request.headers), asObject(message));
      if (wrong !== null) return refusal(400, codes.headerMismatch, wrong, asObject(message)['id']);
    }
    const id = request.headers.get('mcp-session-id');
    if (id !== null) {
      const session = sessions.get(id);
      if (session === undefined || session.agent !== asks.agent || session.upstream !== asks.upstream)
        return refusal(404, codes.invalidRequest, 'Session not found');
      session.usedAt = upstream.clock.now();
      return pass(session, request, body);
    }
    if (request.method !== 'POST') {
      return new Response(null, { status: 405, headers: { allow: 'POST' } });
    }
    const opens = body?.messages.some((message) => 'method' in message && message.method === 'initialize') ?? false;
    if (!opens) return refusal(400, codes.invalidRequest, 'A session has to be opened with `initialize`.');
    const session = await newSession(asks);
    try {
      return await pass(session, request, body);
    } finally {
      // Refused before it was one: nobody has an id to come back with.
      if (session.transport.sessionId === undefined) await release(session);
    }
  };

  const pass = async (session: Session, request: Request, body: ReadMessages | null): Promise<Response> => {
    const ids = idsOf(body?.messages ?? []);
    const batch = body?.batch === true && ids.length > 0 ? new Batch(ids.length) : null;
    if (batch !== null) for (const each of ids) session.batches.set(each, batch);
    try {
      const parsed = body === null ? {} : { parsedBody: valueOf(body) };
      return bearable(session, ids, await session.transport.handleRequest(request, parsed));
    } finally {
      for (const each of ids) session.batches.delete(each);
    }
  };

  /** An answer that nobody reads ends, and the calls with it: what they still say could not be delivered any more. */
  const bearable = (session: Session, calls: readonly Id[], response: Response): Response => {
    return readInTime(response, () => {
      for (const requestId of calls) session.oldAgent.receive(notice('notifications/cancelled', { requestId }));
    });
  };

  const readInTime = (response: Response, onDead: () => void): Response =>
    endWhenUnread(response, limits.messageBytes * mostUnread, () => {
      upstream.log.warn('a stream was ended because its agent does not read it', { server: upstream.name });
      onDead();
    });

  const serveNew = async (request: Request, body: ReadMessages, asks: HttpAgent): Promise<Response> => {
    const value = valueOf(body);
    const route = classifyInboundRequest({
      httpMethod: request.method,
      body: value,
      ...given('protocolVersionHeader', request.headers.get('mcp-protocol-version')),
      ...given('mcpMethodHeader', request.headers.get('mcp-method')),
    });
    const idOfBody = asObject(value)['id'];
    if (route.kind === 'reject') return refusal(route.httpStatus, route.code, route.message, idOfBody, route.data);
    if (route.kind === 'legacy') return serveOld(request, body, asks);
    if (route.messageKind === 'notification') return new Response(null, { status: 202 });
    const wrong = headersDisagree(mirrored(request.headers), asObject(value));
    if (wrong !== null) return refusal(400, codes.headerMismatch, wrong, idOfBody);
    return answerNew(request, route, asks);
  };

  const answerNew = async (
    request: Request,
    route: InboundModernRoute,
    { agent, upstream: seen }: HttpAgent,
  ): Promise<Response> => {
    const message = fromSdk(route.message);
    if (!isCall(message)) return new Response(null, { status: 202 });
    const transport = new PerRequestHTTPServerTransport({ classification: route.classification });
    const controller = new AbortController();
    let code: number | undefined;
    const onmessage = (): void => {
      const about = { relatedRequestId: message.id };
      void agents
        .answer(message, {
          agent,
          upstream: seen,
          batch: null,
          signal: controller.signal,
          send: (sent) => void transport.send(toSdk(sent), about).catch(() => {}),
        })
        .then((outcome) => {
          code = 'error' in outcome ? outcome.error.code : undefined;
          return transport.send(toSdk(reply(message.id, outcome)));
        })
        .catch(() => {});
    };
    const onclose = (): void => {
      answering.delete(transport);
      controller.abort();
    };
    hear(transport, { onmessage, onclose });
    answering.set(transport, seen);
    await transport.start();
    try {
      const response = readInTime(await transport.handleMessage(route.message, { request }), nothing);
      const status = code === undefined ? undefined : statusOf[code];
      const streams = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
      if (status === undefined || streams) return response;
      return new Response(response.body, { status, headers: response.headers });
    } catch {
      // The agent left before there was an answer.
      return new Response(null, { status: 499 });
    }
  };

  return {
    async handle(request, asks) {
      if (request.method !== 'POST') return serveOld(request, null, asks);
      if (!isJsonContentType(request.headers.get('content-type'))) {
        return refusal(415, codes.invalidRequest, 'The body has to be application/json.');
      }
      const body = asks.body ?? (await readBody(request, limits.messageBytes));
      if (body === tooLarge) return refusal(413, codes.invalidRequest, 'The body is too large.');
      if (body.kind === 'refused') return refusal(400, body.code, body.because);
      return agentEra(request.headers, valueOf(body)) === 'modern'
        ? serveNew(request, body, asks)
        : serveOld(request, body, asks);
    },
    owns: (sessionId) => sessions.has(sessionId),
    async end(seen) {
      for (const [transport, of] of answering) if (of === seen) await transport.close();
      const ending = [...sessions].flatMap(([id, session]) => (session.upstream === seen ? [end(id)] : []));
      await Promise.allSettled([...ending, agents.end(seen)]);
    },
    async close() {
      for (const transport of answering.keys()) await transport.close();
      await Promise.allSettled([...[...sessions.keys()].map(end), agents.close()]);
    },
  };
}

/** Errors for which 2026-07-28 names the HTTP status. */
const statusOf: Readonly<Record<number, number>> = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 };

const given = <K extends string>(name: K, value: string | null): Partial<Record<K, string>> =>
  value === null ? {} : ({ [name]: value } as Partial<Record<K, string>>);

const mirrored = (headers: Headers): MirroredHeaders => ({
  method: headers.get('mcp-method'),
  name: headers.get('mcp-name'),
  version: headers.get('mcp-protocol-version'),
});

const tooLarge = Symbol('too large');

async function readBody(request: Request, limit: number): Promise<Incoming | typeof tooLarge> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > limit) return tooLarge;
    parts.push(part);
  }
  return readIncoming(Buffer.concat(parts));
}

function refusal(status: number, code: number, message: string, id: unknown = null, data?: unknown): Response {
  return Response.json({ jsonrpc: '2.0', id: id ?? null, ...fail(code, message, data) }, { status });
}
