// The three ways a test MCP server is served: stateless 2026-07-28, sessions of the handshake era, and HTTP+SSE.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  isInitializeRequest,
  type AuthInfo,
  type EventStore,
  type JSONRPCMessage,
  type McpServer,
} from '@modelcontextprotocol/server';
import { buildServer, registerAdded, type FeatureOptions } from './features.ts';
import { answer } from './gate.ts';
import { createSseTransport, type SseTransport } from './sse.ts';
import type { ServerState } from './state.ts';

export interface Host {
  /** Paths that belong to it. */
  readonly paths: readonly string[];
  readonly handle: (
    request: IncomingMessage & { auth?: AuthInfo },
    response: ServerResponse,
    body: unknown,
  ) => Promise<void>;
  readonly sessions: () => number;
  /** Forgets every session without telling anybody: the next request gets 404. */
  readonly dropSessions: () => void;
  readonly close: () => Promise<void>;
}

export interface HostOptions extends FeatureOptions {
  /** Keeps events, so that a cut stream can be taken up again with `Last-Event-ID` (handshake era). */
  readonly resumable?: boolean;
  /** `sse` answers every modern request with a stream. Default: only when there is something before the result. */
  readonly responseMode?: 'auto' | 'sse' | 'json';
}

export function modernHost(path: string, state: ServerState, options: HostOptions): Host {
  const handler = createMcpHandler(() => buildServer(state, options), {
    legacy: 'reject',
    maxRequestBodySize: 67_108_864,
    keepAliveMs: 0,
    responseMode: options.responseMode ?? 'auto',
  });
  const serve = toNodeHandler(handler);
  state.notifyListChanged = (kind) => {
    if (kind === 'tools') handler.notify.toolsChanged();
    else if (kind === 'prompts') handler.notify.promptsChanged();
    else handler.notify.resourcesChanged();
  };
  state.notifyUpdated = (uri) => handler.notify.resourceUpdated(uri);
  return {
    paths: [path],
    handle: (request, response, body) => serve(request as Parameters<typeof serve>[0], response, body),
    sessions: () => 0,
    dropSessions: () => {},
    close: () => handler.close(),
  };
}

interface Session {
  readonly server: McpServer;
  readonly subscribed: Set<string>;
  readonly close: () => Promise<void>;
}

function sessionTable(state: ServerState, options: HostOptions): { table: Map<string, Session>; open: () => Session } {
  const table = new Map<string, Session>();
  state.notifyListChanged = (kind) => {
    for (const session of table.values()) registerAdded(session.server, kind, state.added[kind]);
  };
  state.notifyUpdated = (uri) => {
    for (const session of table.values()) {
      if (session.subscribed.has(uri)) void session.server.server.sendResourceUpdated({ uri });
    }
  };
  return {
    table,
    open: () => {
      const server = buildServer(state, options);
      const subscribed = new Set<string>();
      server.server.setRequestHandler('resources/subscribe', (request) => {
        subscribed.add(request.params.uri);
        return {};
      });
      server.server.setRequestHandler('resources/unsubscribe', (request) => {
        subscribed.delete(request.params.uri);
        return {};
      });
      return { server, subscribed, close: () => server.close() };
    },
  };
}

export function legacyHost(path: string, state: ServerState, options: HostOptions): Host {
  const { table, open } = sessionTable(state, options);
  const transports = new Map<string, NodeStreamableHTTPServerTransport>();
  return {
    paths: [path],
    handle: async (request, response, body) => {
      const id = request.headers['mcp-session-id'];
      const known = typeof id === 'string' ? transports.get(id) : undefined;
      if (known !== undefined) return await known.handleRequest(request, response, body);
      if (id !== undefined) return answer(response, 404, {}, rpcError(-32_001, 'Session not found'));
      if (!isInitializeRequest(body)) return answer(response, 400, {}, rpcError(-32_000, 'Session ID required'));
      const session = open();
      const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        ...(options.resumable === true ? { eventStore: createEventStore(), retryInterval: 50 } : {}),
        onsessioninitialized: (sessionId) => {
          transports.set(sessionId, transport);
          table.set(sessionId, session);
        },
      });
      // oxlint-disable-next-line unicorn/prefer-add-event-listener -- an SDK transport is no event target
      transport.onclose = () => {
        if (transport.sessionId === undefined) return;
        transports.delete(transport.sessionId);
        table.delete(transport.sessionId);
        state.changed();
      };
      await session.server.connect(transport);
      await transport.handleRequest(request, response, body);
    },
    sessions: () => transports.size,
    dropSessions: () => {
      const dropped = [...table.values()];
      transports.clear();
      table.clear();
      for (const session of dropped) void session.close();
    },
    close: async () => void (await Promise.all([...table.values()].map((session) => session.close()))),
  };
}

export function sseHost(path: string, messages: string, state: ServerState, options: HostOptions): Host {
  const { table, open } = sessionTable(state, options);
  const transports = new Map<string, SseTransport>();
  return {
    paths: [path, messages],
    handle: async (request, response, body) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      if (request.method === 'GET' && url.pathname === path) {
        const transport = createSseTransport(response, messages);
        const session = open();
        transports.set(transport.id, transport);
        table.set(transport.id, session);
        await session.server.connect(transport);
        const closed = transport.onclose;
        // oxlint-disable-next-line unicorn/prefer-add-event-listener -- an SDK transport is no event target
        transport.onclose = () => {
          transports.delete(transport.id);
          table.delete(transport.id);
          closed?.();
          state.changed();
        };
        return;
      }
      if (request.method !== 'POST' || url.pathname !== messages) {
        return answer(
          response,
          405,
          { allow: url.pathname === path ? 'GET' : 'POST' },
          { error: 'method_not_allowed' },
        );
      }
      const transport = transports.get(url.searchParams.get('sessionId') ?? '');
      if (transport === undefined) return answer(response, 404, {}, { error: 'no such session' });
      response.writeHead(202).end('Accepted');
      transport.receive(body, request.auth);
    },
    sessions: () => transports.size,
    dropSessions: () => {
      for (const transport of transports.values()) void transport.close();
    },
    close: async () => void (await Promise.all([...table.values()].map((session) => session.close()))),
  };
}

function createEventStore(): EventStore {
  const events: { id: string; streamId: string; message: JSONRPCMessage }[] = [];
  return {
    storeEvent: async (streamId, message) => {
      const id = String(events.length + 1);
      events.push({ id, streamId, message });
      return id;
    },
    getStreamIdForEventId: async (id) => events.find((event) => event.id === id)?.streamId,
    replayEventsAfter: async (lastId, { send }) => {
      const last = events.find((event) => event.id === lastId);
      if (last === undefined) return '';
      for (const event of events.slice(Number(lastId))) {
        // A priming event carries no message; there is nothing in it to repeat.
        if (event.streamId === last.streamId && 'jsonrpc' in event.message) await send(event.id, event.message);
      }
      return last.streamId;
    },
  };
}

const rpcError = (code: number, message: string): object => ({ jsonrpc: '2.0', error: { code, message }, id: null });
