// Everything a test MCP server can do: tools, prompts, resources, completion. The same for every era.
import {
  completable,
  McpServer,
  ResourceTemplate,
  type ServerContext,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { registerAskingTools, text } from './asking.ts';
import type { Changeable, ServerState } from './state.ts';

export interface FeatureOptions {
  /** Versions to speak, newest first; default: what the SDK speaks in this era. */
  readonly protocolVersions?: readonly string[];
  /** Offers a tool whose `x-mcp-header` declaration is invalid (modern era). */
  readonly invalidHeaderTool?: boolean;
}

const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
const languages = ['english', 'esperanto', 'estonian', 'french', 'german'];

export function buildServer(state: ServerState, options: FeatureOptions): McpServer {
  const serverOptions: ServerOptions = {
    capabilities: { logging: {}, resources: { subscribe: true } },
    instructions: 'A server for tests. Start with echo.',
    requestState: { verify: (sealed, ctx) => state.codec.verify(sealed, ctx) },
    ...(options.protocolVersions === undefined ? {} : { supportedProtocolVersions: [...options.protocolVersions] }),
  };
  const server = new McpServer({ name: 'everything', title: 'Everything', version: '1.2.3' }, serverOptions);
  registerTools(server, state, options);
  registerAskingTools(server, state);
  registerPrompts(server);
  registerResources(server, state);
  for (const kind of ['tools', 'prompts', 'resources'] as const) {
    for (let number = 1; number <= state.added[kind]; number += 1) registerAdded(server, kind, number);
  }
  return server;
}

/** What `change` adds; registering it on a live session sends that session's list_changed. */
export function registerAdded(server: McpServer, kind: Changeable, number: number): void {
  const name = `added-${number}`;
  if (kind === 'tools') server.registerTool(name, { description: 'Came later' }, async () => text('late'));
  else if (kind === 'prompts') server.registerPrompt(name, { description: 'Came later' }, () => message('late'));
  else
    server.registerResource(name, `added://${number}`, {}, async (uri) => ({
      contents: [{ uri: uri.href, text: 'late' }],
    }));
}

function registerTools(server: McpServer, state: ServerState, options: FeatureOptions): void {
  const count = (tool: string): void => {
    state.calls[tool] = (state.calls[tool] ?? 0) + 1;
    state.changed();
  };

  server.registerTool(
    'echo',
    { description: 'Says it back', inputSchema: z.object({ text: z.string() }), annotations: { readOnlyHint: true } },
    async ({ text: said }) => {
      count('echo');
      return text(said);
    },
  );

  server.registerTool(
    'add',
    {
      description: 'Adds two numbers',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    async ({ a, b }) => {
      count('add');
      return { ...text(String(a + b)), structuredContent: { sum: a + b } };
    },
  );

  server.registerTool(
    'slow',
    {
      description: 'Reports progress `steps` times; with `steps: 0` it goes on until it is cancelled or released',
      inputSchema: z.object({ steps: z.number().int().min(0).default(3), everyMs: z.number().int().min(0).default(5) }),
    },
    async ({ steps, everyMs }, ctx) => {
      count('slow');
      ctx.mcpReq.signal.addEventListener('abort', () => {
        state.cancelled.push({ at: Date.now(), tool: 'slow', id: ctx.mcpReq.id });
        state.changed();
      });
      const aborted = new Promise<void>((resolve) =>
        ctx.mcpReq.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      if (steps === 0) {
        await progress(ctx, 1);
        await Promise.race([aborted, state.released()]);
        return text(ctx.mcpReq.signal.aborted ? 'cancelled' : 'released');
      }
      for (let step = 1; step <= steps && !ctx.mcpReq.signal.aborted; step += 1) {
        await progress(ctx, step, steps);
        await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, everyMs))]);
      }
      return text(`${steps} steps`);
    },
  );

  server.registerTool('failing', { description: 'Always fails' }, async () => {
    count('failing');
    return { ...text('it broke'), isError: true };
  });

  server.registerTool(
    'log',
    { description: 'Logs once at every level', inputSchema: z.object({ text: z.string().default('hello') }) },
    async ({ text: said }, ctx) => {
      for (const level of levels) await ctx.mcpReq.log(level, said, 'everything');
      return text('logged');
    },
  );

  server.registerTool(
    'change',
    {
      description: 'Changes a list, or all of them',
      inputSchema: z.object({ what: z.enum(['tools', 'prompts', 'resources', 'all']).default('all') }),
    },
    async ({ what }) => {
      for (const kind of what === 'all' ? (['tools', 'prompts', 'resources'] as const) : [what]) {
        state.added[kind] += 1;
        state.notifyListChanged(kind);
      }
      return text('changed');
    },
  );

  server.registerTool(
    'update',
    {
      description: 'Writes the note of today',
      inputSchema: z.object({ text: z.string() }),
      annotations: { destructiveHint: true },
    },
    async ({ text: said }) => {
      count('update');
      state.note = said;
      state.notifyUpdated('note://today');
      return text('updated');
    },
  );

  server.registerTool('whoami', { description: 'Who the token is for and what it may do' }, async (ctx) => {
    count('whoami');
    const info = ctx.http?.authInfo;
    const who = {
      sub: info?.extra?.['sub'] ?? null,
      scopes: info?.scopes ?? [],
      token: info?.extra?.['tokenHash'] ?? null,
    };
    return { ...text(JSON.stringify(who)), structuredContent: who };
  });

  server.registerTool('admin', { description: 'Needs the scope admin' }, async (ctx) => {
    count('admin');
    return text(`admin for ${JSON.stringify(ctx.http?.authInfo?.extra?.['sub'] ?? null)}`);
  });

  server.registerTool(
    'big',
    { description: 'A lot of text', inputSchema: z.object({ bytes: z.number().int().min(0).max(67_108_864) }) },
    async ({ bytes }) => text('x'.repeat(bytes)),
  );

  server.registerTool(
    'regional',
    {
      description: 'Mirrors an argument in a header (modern era)',
      inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), query: z.string().optional() }),
    },
    async ({ region }) => text(`in ${region}`),
  );

  if (options.invalidHeaderTool === true) {
    server.registerTool(
      'misdeclared',
      { inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'not a token' }) }) },
      async () => text('should not have been offered'),
    );
  }
}

function registerPrompts(server: McpServer): void {
  server.registerPrompt(
    'greet',
    {
      description: 'Greets somebody',
      argsSchema: z.object({
        name: z.string(),
        language: completable(z.string().default('english'), (typed) =>
          languages.filter((language) => language.startsWith(typed ?? '')),
        ),
      }),
    },
    ({ name, language }) => message(`Greet ${name} in ${language}.`),
  );
  server.registerPrompt('plain', { description: 'Without arguments' }, () => message('Just this.'));
}

function registerResources(server: McpServer, state: ServerState): void {
  server.registerResource('today', 'note://today', { description: 'Today', mimeType: 'text/plain' }, async (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'text/plain', text: state.note }],
  }));
  server.registerResource('pixel', 'image://pixel', { mimeType: 'image/png' }, async (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'image/png', blob: 'iVBORw0KGgo=' }],
  }));
  server.registerResource(
    'day',
    new ResourceTemplate('note://day/{day}', {
      list: undefined,
      complete: { day: (typed) => ['monday', 'tuesday', 'thursday'].filter((day) => day.startsWith(typed)) },
    }),
    { description: 'The note of a day', mimeType: 'text/plain' },
    async (uri, { day }) => ({ contents: [{ uri: uri.href, text: `note of ${String(day)}` }] }),
  );
}

async function progress(ctx: ServerContext, step: number, total?: number): Promise<void> {
  const progressToken = ctx.mcpReq['_meta']?.progressToken;
  if (progressToken === undefined) return;
  await ctx.mcpReq.notify({
    method: 'notifications/progress',
    params: { progressToken, progress: step, ...(total === undefined ? {} : { total }), message: `step ${step}` },
  });
}

const message = (said: string): { messages: { role: 'user'; content: { type: 'text'; text: string } }[] } => ({
  messages: [{ role: 'user', content: { type: 'text', text: said } }],
});
