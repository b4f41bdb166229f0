// The relay for agents on HTTP that do not speak the server's era, or whose server nobody has signed in to.
import {
  classifyInboundRequest,
  isJsonContentType,
  PerRequestHTTPServerTransport,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { InboundModernRoute } from '@modelcontextprotocol/server';
import { agentEra } from '../eras.ts';
import { NewAgents } from './new-agent.ts';
import { OldAgent } from './old-agent.ts';
import { encodeHeader } from './param-headers.ts';
import { roomFor } from './room.ts';
import { defaultLimits } from './types.ts';
import type { HttpRelay, RelayLimits, RelayOptions, Upstream } from './types.ts';
import { endWhenUnread, mostUnread } from './unread.ts';
import { asObject, asText, codes, fail, fromSdk, hear, isCall, nothing, notice, reply, toSdk } from './wire.ts';
import type { Call, Message } from './wire.ts';

interface Session {
  readonly agent: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly oldAgent: OldAgent;
  usedAt: number;
}

async function release({ transport, oldAgent }: Session): Promise<void> {
  await Promise.allSettled([transport.close(), oldAgent.close()]);
}

export function createHttpRelay(upstream: Upstream, options: RelayOptions = {}): HttpRelay {
  const limits: RelayLimits = { ...defaultLimits, ...options.limits };
  const sessions = new Map<string, Session>();
  const agents = new NewAgents(upstream, limits);
  const answering = new Set<PerRequestHTTPServerTransport>();

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

  const newSession = async (agent: string): Promise<Session> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => keep(id, session),
      onsessionclosed: (id) => end(id),
    });
    const oldAgent = new OldAgent(upstream, limits, (message, about) => {
      transport.send(toSdk(message), about === undefined ? {} : { relatedRequestId: about }).catch(() => {
        upstream.log.debug('a message found no stream of the agent to go to', { server: upstream.name });
      });
    });
    const session: Session = { agent, transport, oldAgent, usedAt: upstream.clock.now() };
    const onmessage = (read: Message): void => {
      oldAgent.receive(read);
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

  const serveOld = async (request: Request, body: unknown, agent: string): Promise<Response> => {
    const id = request.headers.get('mcp-session-id');
    const parsed = body === undefined ? {} : { parsedBody: body };
    if (id !== null) {
      const session = sessions.get(id);
      if (session === undefined || session.agent !== agent)
        return refusal(404, codes.invalidRequest, 'Session not found');
      session.usedAt = upstream.clock.now();
      return bearable(session, body, await session.transport.handleRequest(request, parsed));
    }
    if (request.method !== 'POST') {
      return new Response(null, { status: 405, headers: { allow: 'POST' } });
    }
    const opens = messagesOf(body).some((message) => asObject(message)['method'] === 'initialize');
    if (!opens) return refusal(400, codes.invalidRequest, 'A session has to be opened with `initialize`.');
    const session = await newSession(agent);
    try {
      return bearable(session, body, await session.transport.handleRequest(request, parsed));
    } finally {
      // Refused before it was one: nobody has an id to come back with.
      if (session.transport.sessionId === undefined) await release(session);
    }
  };

  /** An answer that nobody reads ends, and the calls with it: what they still say could not be delivered any more. */
  const bearable = (session: Session, body: unknown, response: Response): Response => {
    const calls = messagesOf(body).flatMap((message) => asObject(message)['id'] ?? []);
    return readInTime(response, () => {
      for (const requestId of calls) session.oldAgent.receive(notice('notifications/cancelled', { requestId }));
    });
  };

  const readInTime = (response: Response, onDead: () => void): Response =>
    endWhenUnread(response, limits.messageBytes * mostUnread, () => {
      upstream.log.warn('a stream was ended because its agent does not read it', { server: upstream.name });
      onDead();
    });

  const serveNew = async (request: Request, body: unknown, agent: string): Promise<Response> => {
    const route = classifyInboundRequest({
      httpMethod: request.method,
      body,
      ...given('protocolVersionHeader', request.headers.get('mcp-protocol-version')),
      ...given('mcpMethodHeader', request.headers.get('mcp-method')),
    });
    const idOfBody = asObject(body)['id'];
    if (route.kind === 'reject') return refusal(route.httpStatus, route.code, route.message, idOfBody, route.data);
    if (route.kind === 'legacy') return serveOld(request, body, agent);
    if (route.messageKind === 'notification') return new Response(null, { status: 202 });
    const wrong = headerFault(request.headers, asObject(body));
    if (wrong !== null) return refusal(400, codes.headerMismatch, wrong, idOfBody);
    return answerNew(request, route, agent);
  };

  const answerNew = async (request: Request, route: InboundModernRoute, agent: string): Promise<Response> => {
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
    answering.add(transport);
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
    async handle(request, { agent = '' } = {}) {
      if (request.method !== 'POST') return serveOld(request, undefined, agent);
      if (!isJsonContentType(request.headers.get('content-type'))) {
        return refusal(415, codes.invalidRequest, 'The body has to be application/json.');
      }
      const body = await readBody(request, limits.messageBytes);
      if (body === tooLarge) return refusal(413, codes.invalidRequest, 'The body is too large.');
      if (body === unreadable) return refusal(400, codes.parse, 'Parse error');
      return agentEra(request.headers, body) === 'modern'
        ? serveNew(request, body, agent)
        : serveOld(request, body, agent);
    },
    owns: (sessionId) => sessions.has(sessionId),
    async close() {
      for (const transport of answering) await transport.close();
      await Promise.allSettled([...[...sessions.keys()].map(end), agents.close()]);
    },
  };
}

/** Errors for which 2026-07-28 names the HTTP status. */
const statusOf: Readonly<Record<number, number>> = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 };

const messagesOf = (body: unknown): readonly unknown[] => (Array.isArray(body) ? (body as unknown[]) : [body]);

const given = <K extends string>(name: K, value: string | null): Partial<Record<K, string>> =>
  value === null ? {} : ({ [name]: value } as Partial<Record<K, string>>);

/** streamable-http, Server Validation: what the headers repeat has to be there and to be the same. */
function headerFault(headers: Headers, body: Record<string, unknown>): string | null {
  const call = body as unknown as Call;
  for (const name of ['mcp-protocol-version', 'mcp-method']) {
    if (!headers.has(name)) return `The header ${name} is missing.`;
  }
  const source = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' }[call.method];
  const value = source === undefined ? undefined : asText(call.params?.[source]);
  if (value === undefined) return null;
  const said = headers.get('mcp-name');
  if (said === null) return 'The header mcp-name is missing.';
  return decoded(said) === value || said === encodeHeader(value) ? null : 'The header mcp-name differs from the body.';
}

function decoded(value: string): string {
  const marked = /^=\?base64\?(?<text>.*)\?=$/u.exec(value);
  return marked === null ? value : Buffer.from(marked.groups?.['text'] ?? '', 'base64').toString('utf8');
}

const tooLarge = Symbol('too large');
const unreadable = Symbol('unreadable');

async function readBody(request: Request, limit: number): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > limit) return tooLarge;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    return unreadable;
  }
}

function refusal(status: number, code: number, message: string, id: unknown = null, data?: unknown): Response {
  return Response.json({ jsonrpc: '2.0', id: id ?? null, ...fail(code, message, data) }, { status });
}
