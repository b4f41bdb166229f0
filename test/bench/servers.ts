// The servers that the benchmark calls, in a process of their own: an authorization server and two protected MCP servers.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, isInitializeRequest, McpServer, type AuthInfo } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { answer, createGate } from '../support/mcp/gate.ts';

type Handle = (
  request: IncomingMessage & { auth?: AuthInfo },
  response: ServerResponse,
  body: unknown,
) => Promise<void>;

/** One tool and nothing else: what the server costs is on every path and would only hide what the paths cost. */
function buildServer(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Says it back', inputSchema: z.object({ text: z.string() }) },
    ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  return server;
}

/** Stateless, 2026-07-28 only. */
function newServer(): Handle {
  const serve = toNodeHandler(createMcpHandler(buildServer, { legacy: 'reject' }));
  return async (request, response, body) => serve(request as Parameters<typeof serve>[0], response, body);
}

/** Sessions of the handshake era; every answer is an event stream, which is the SDK's default. */
function oldServer(): Handle {
  const transports = new Map<string, NodeStreamableHTTPServerTransport>();
  return async (request, response, body) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? transports.get(id) : undefined;
    if (known !== undefined) return await known.handleRequest(request, response, body);
    // A probe of the new era must be refused as an old server does it, not as an unknown session.
    if (!isInitializeRequest(body)) return answer(response, 400, {}, rpcError('Session ID required'));
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (sessionId) => void transports.set(sessionId, transport),
      onsessionclosed: (sessionId) => void transports.delete(sessionId),
    });
    await buildServer().connect(transport);
    await transport.handleRequest(request, response, body);
  };
}

async function listen(issuer: AuthorizationServer, handle: Handle): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const gate = createGate(url, { authorizationServer: issuer });
  const serve = async (request: IncomingMessage & { auth?: AuthInfo }, response: ServerResponse): Promise<void> => {
    if (gate.serveMetadata(request, response)) return;
    const body = await readJson(request);
    const admitted = await gate.admit(request, response, body);
    if (admitted === null) return;
    request.auth = admitted;
    await handle(request, response, body);
  };
  server.on('request', (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  return url.href;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

const rpcError = (message: string): object => ({ jsonrpc: '2.0', id: null, error: { code: -32_000, message } });

const issuer = await startAuthorizationServer();
const urls = { old: await listen(issuer, oldServer()), new: await listen(issuer, newServer()) };
process.stdout.write(`${JSON.stringify(urls)}\n`);
// Whoever started this holds the other end of stdin: when that process is gone, however it went, so is this one.
process.stdin.resume().once('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
