// The window beside a broker that asks before agents use anything: one server with three tools, and somebody signed in to it.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { ToolServer } from '../access/tool-server.ts';
import { accessWorld, type AccessWorld, type AccessWorldOptions } from '../access/world.ts';
import { enter } from './fixture.ts';

/** Long enough for a broker, an authorization server and a browser to start and end. */
export const minute = 60_000;

export const tools = [
  {
    name: 'get_page',
    description: 'Reads a page.',
    inputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
  },
  { name: 'write_page', description: 'Writes a page.', inputSchema: { type: 'object' } },
  {
    name: 'delete_page',
    description: 'Deletes a page.',
    inputSchema: { type: 'object' },
    annotations: { destructiveHint: true },
  },
];

export interface Scene extends AsyncDisposable {
  readonly world: AccessWorld;
  readonly notes: ToolServer;
  readonly page: Page;
  readonly complaints: string[];
  readonly context: Awaited<ReturnType<typeof enter>>['context'];
  go(hash: string): Promise<void>;
}

export async function scene(
  browser: Browser,
  options: AccessWorldOptions & { readonly context?: BrowserContextOptions; readonly hash?: string } = {},
): Promise<Scene> {
  const world = await accessWorld(options);
  const notes = await world.server('notes', 'old');
  notes.tools = tools;
  await world.signIn('notes', 'alice');
  const way = await world.person.script.openUi({ linkOnly: true });
  const opened = await enter(browser, way.kind === 'link' ? way.link : '', options.context);
  const go = (hash: string) => opened.page.evaluate((to) => void (location.hash = to), hash);
  await go(options.hash ?? '#/servers');
  return {
    world,
    notes,
    ...opened,
    go,
    async [Symbol.asyncDispose]() {
      await opened.context.close();
      await world[Symbol.asyncDispose]();
    },
  };
}
