// The demo's MCP server: three notes, one tool that reads them, and one that needs a scope more.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { json } from '../bridge/answers.ts';
import { sendWebResponse } from '../bridge/listener-web.ts';
import { version } from '../version.ts';
import type { DemoGrants } from './grants.ts';
import { demoScopes, readScope, toolScopes } from './scopes.ts';
import { readBody, sendJson } from './wire.ts';

export interface DemoNotes {
  /** True when the request was one of its own. */
  handle(req: IncomingMessage, res: ServerResponse, url: URL): Promise<boolean>;
  close(): Promise<void>;
}

const mostNotes = 100;
const wellKnown = '/.well-known/oauth-protected-resource';

export function createDemoNotes(issuer: string, resource: string, grants: Pick<DemoGrants, 'verify'>): DemoNotes {
  const notes = [
    'Tokentray’s demo keeps these notes in memory only.',
    'Ask your agent to read them.',
    'Then let it add one.',
  ];
  // Both protocol eras, without sessions: an agent of any age may try it.
  const handler = createMcpHandler(() => buildServer(notes), { keepAliveMs: 0 });
  const path = new URL(resource).pathname;
  const metadataUrl = `${issuer}${wellKnown}${path}`;

  const refuse = (res: ServerResponse, status: 401 | 403, error: string | null, scope: string): void => {
    const parts = [
      `resource_metadata="${metadataUrl}"`,
      `scope="${scope}"`,
      ...(error === null ? [] : [`error="${error}"`]),
    ];
    sendJson(res, status, { error: error ?? 'unauthorized' }, { 'www-authenticate': `Bearer ${parts.join(', ')}` });
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const token = /^bearer +(\S{1,512})$/iu.exec(req.headers.authorization ?? '')?.[1];
    const scopes = token === undefined ? null : grants.verify(token, resource);
    if (scopes === null) return refuse(res, 401, token === undefined ? null : 'invalid_token', readScope);
    const body = req.method === 'POST' ? await readBody(req) : null;
    const wanted = [readScope, toolScopes[toolOf(body)] ?? readScope];
    if (wanted.some((scope) => !scopes.includes(scope)))
      return refuse(res, 403, 'insufficient_scope', wanted.join(' '));
    const headers = new Headers();
    for (const [name, value] of Object.entries(req.headers)) {
      if (typeof value === 'string' && name !== 'authorization') headers.set(name, value);
    }
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const request = new Request(resource, {
      method: req.method ?? 'GET',
      headers,
      signal: gone.signal,
      ...(body === null ? {} : { body: new Uint8Array(body) }),
    });
    await sendWebResponse(res, await handler.fetch(request));
  };

  return {
    async handle(req, res, url) {
      if (req.method === 'GET' && url.pathname === `${wellKnown}${path}`) {
        sendJson(res, 200, {
          resource,
          resource_name: 'Tokentray’s demo notes',
          authorization_servers: [issuer],
          scopes_supported: Object.keys(demoScopes),
          bearer_methods_supported: ['header'],
        });
        return true;
      }
      if (url.pathname !== path) return false;
      await serve(req, res);
      return true;
    },
    close: () => handler.close(),
  };
}

function buildServer(notes: string[]): McpServer {
  const server = new McpServer(
    { name: 'tokentray-demo', title: 'Tokentray’s demo notes', version },
    {
      instructions:
        'A demo for trying out Tokentray. Start with read_notes; add_note asks the person for one scope more.',
    },
  );
  server.registerTool(
    'read_notes',
    { title: 'Read the notes', description: 'Gives every note of the demo', annotations: { readOnlyHint: true } },
    async () => ({ content: notes.map((text) => ({ type: 'text' as const, text })) }),
  );
  server.registerTool(
    'add_note',
    {
      title: 'Add a note',
      description: 'Adds a note to the demo; it is gone when Tokentray ends',
      inputSchema: z.object({ text: z.string().min(1).max(1_000) }),
    },
    async ({ text }) => {
      notes.push(text);
      if (notes.length > mostNotes) notes.shift();
      return { content: [{ type: 'text' as const, text: `Noted. There are ${notes.length} notes now.` }] };
    },
  );
  return server;
}

const callSchema = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string().max(128) }) });

/** The tool that a body calls; of a batch, one that needs more than the others. */
function toolOf(body: Buffer | null): string {
  const messages = [body === null ? [] : json(body)].flat();
  const names = messages.flatMap((message) => callSchema.safeParse(message).data?.params.name ?? []);
  return names.find((name) => Object.hasOwn(toolScopes, name)) ?? '';
}
