// The windows as pages of a real Chromium: their addresses served by the app, their preload run, their ports carried across.
import type { Browser, BrowserContext, CDPSession, Frame, Page, Route } from 'playwright-core';
import { fromPage, isServed, toPage } from './address.ts';
import type { Answers, Asks, FrameInfo, ToApp, ToChromium } from './wire.ts';
import { bindingName, pageSide, preloadSide, preloadWorld } from './worlds.ts';
import type { Said } from './worlds.ts';

interface Window {
  readonly id: number;
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly schemes: readonly string[];
  /** The preload's world in the present document. */
  world: number | null;
  /** The address that the app itself is loading: no guard is asked about that one. */
  loading: string | null;
  ports: Set<string>;
}

export interface Windows {
  readonly answers: Answers<ToChromium>;
  readonly pages: () => Page[];
  readonly close: () => Promise<void>;
}

let frameIds = 0;
const idsOfFrames = new WeakMap<Frame, number>();
const idOf = (frame: Frame): number => {
  const id = idsOfFrames.get(frame) ?? (frameIds += 1);
  idsOfFrames.set(frame, id);
  return id;
};
const infoOf = (frame: Frame): FrameInfo => {
  const parent = frame.parentFrame();
  return { id: idOf(frame), parent: parent === null ? null : idOf(parent), url: fromPage(frame.url()) };
};

export async function standInWindows(browser: Browser, ask: () => Asks<ToApp>): Promise<Windows> {
  const context: BrowserContext = await browser.newContext();
  const windows = new Map<number, Window>();
  const byPort = new Map<string, Window>();
  // Names that a page cannot guess: it shares its window's events with the preload.
  const secret = crypto.randomUUID();
  let ended = false;

  const windowOf = (page: Page): Window | undefined => [...windows.values()].find((window) => window.page === page);

  await context.route('**/*', async (route) => {
    const frame = frameOf(route);
    const window = frame === null ? undefined : windowOf(frame.page());
    // A second window is closed as soon as it is there; until then it gets nothing.
    if (frame === null || window === undefined) return route.abort('blockedbyclient');
    const request = route.request();
    const url = request.url();
    if (request.isNavigationRequest() && !isLoading(window, frame, url)) {
      const info = { ...infoOf(frame), url: fromPage(frame.url()) };
      if (!(await ask()('navigate', { id: window.id, frame: info, url: fromPage(url) }))) return route.abort('aborted');
    }
    if (!isServed(url)) return route.continue();
    const answer = await ask()('request', { id: window.id, url: fromPage(url), method: request.method() });
    await route.fulfill({ status: answer.status, headers: answer.headers, body: Buffer.from(answer.body) });
  });
  // Every page is told of here, ours too, before `newPage` has resolved. What nobody asked for is a second window.
  let awaited = 0;
  context.on('page', (page) => {
    if (awaited > 0) awaited -= 1;
    else tell(page.close());
  });

  async function create(input: ToChromium['window.create'][0]): Promise<void> {
    awaited += 1;
    const page = await context.newPage();
    await page.setViewportSize({ width: input.width, height: input.height });
    const cdp = await context.newCDPSession(page);
    const window: Window = {
      id: input.id,
      page,
      cdp,
      schemes: input.schemes,
      world: null,
      loading: null,
      ports: new Set(),
    };
    windows.set(input.id, window);
    await refuse(input.refused, cdp);
    const { frameTree } = await cdp.send('Page.getFrameTree');
    // Sub-frames get a world of that name too, in which nothing runs.
    cdp.on('Runtime.executionContextCreated', ({ context: world }) => {
      const frame = (world.auxData as { frameId?: string } | undefined)?.frameId;
      if (world.name === preloadWorld && frame === frameTree.frame.id) window.world = world.id;
    });
    cdp.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === bindingName) said(window, JSON.parse(payload) as Said);
    });
    cdp.on('Page.windowOpen', ({ url }) => tell(ask()('open', { id: window.id, url: fromPage(url) })));
    await cdp.send('Page.enable');
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: bindingName, executionContextName: preloadWorld });
    const nonce = `${secret}-${input.id}`;
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      source: `(${pageSide.toString()})(${JSON.stringify(secret)});`,
    });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      worldName: preloadWorld,
      source: `(${preloadSide.toString()})(${JSON.stringify(secret)}, ${JSON.stringify(nonce)}, function (require, module, exports) {\n${input.preload}\n});`,
    });
    const tree = (): void => {
      if (!ended && !page.isClosed()) tell(ask()('frames', { id: window.id, frames: page.frames().map(infoOf) }));
    };
    // Chromium's own event: Playwright's comes for a new hash as well, which leaves the document and its ports as they are.
    cdp.on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId === undefined) endPorts(window);
    });
    page.on('framenavigated', tree);
    page.on('frameattached', tree);
    page.on('framedetached', tree);
    page.on('close', () => {
      endPorts(window);
      if (windows.delete(window.id) && !ended) tell(ask()('closing', { id: window.id }));
    });
  }

  function said(window: Window, message: Said): void {
    if (message.kind === 'ipc') {
      for (const port of message.ports) {
        window.ports.add(port);
        byPort.set(port, window);
      }
      const { channel, ports } = message;
      const url = fromPage(window.page.url());
      tell(ask()('ipc', { id: window.id, url, channel, message: message.message, ports }));
      return;
    }
    if (message.kind === 'closed') {
      window.ports.delete(message.port);
      tell(ask()('port.closed', { port: message.port }));
      return;
    }
    const data = message.text ?? new Uint8Array(Buffer.from(message.bytes ?? '', 'base64'));
    tell(ask()('port.message', { port: message.port, data }));
  }

  /** The document is gone, and with it the other end of every port. */
  function endPorts(window: Window): void {
    for (const port of window.ports) {
      byPort.delete(port);
      if (!ended) tell(ask()('port.closed', { port }));
    }
    window.ports = new Set();
  }

  async function hear(port: string, text: string | null, bytes: string | null): Promise<void> {
    const window = byPort.get(port);
    if (window === undefined || window.world === null) return;
    const expression = `standInHear(${JSON.stringify(port)}, ${JSON.stringify(text)}, ${JSON.stringify(bytes)})`;
    // A document that has just gone hears nothing more.
    await window.cdp.send('Runtime.evaluate', { expression, contextId: window.world }).catch(() => undefined);
  }

  const answers: Answers<ToChromium> = {
    'window.create': create,
    async 'window.load'({ id, url }) {
      const window = windows.get(id);
      if (window === undefined) throw new Error('the window is gone');
      window.loading = toPage(url, window.schemes);
      try {
        await window.page.goto(window.loading, { waitUntil: 'load' });
      } finally {
        window.loading = null;
      }
    },
    async 'window.size'({ id, width, height }) {
      await windows.get(id)?.page.setViewportSize({ width, height });
    },
    async 'window.destroy'({ id }) {
      const window = windows.get(id);
      windows.delete(id);
      await window?.page.close();
    },
    'port.post': ({ port, data }) =>
      typeof data === 'string' ? hear(port, data, null) : hear(port, null, Buffer.from(data).toString('base64')),
    async 'port.close'({ port }) {
      await hear(port, null, null);
      byPort.get(port)?.ports.delete(port);
      byPort.delete(port);
    },
  };
  return {
    answers,
    pages: () => [...windows.values()].map(({ page }) => page),
    async close() {
      ended = true;
      await context.close();
    },
  };
}

/** An app that is gone has nothing more to say. */
const tell = (work: Promise<unknown>): void => void work.catch(() => undefined);

/** Null for the first request of a page that is not there yet. */
function frameOf(route: Route): Frame | null {
  try {
    return route.request().frame();
  } catch {
    return null;
  }
}

const isLoading = (window: Window, frame: Frame, url: string): boolean =>
  frame === window.page.mainFrame() && window.loading !== null && sameDocument(window.loading, url);

const sameDocument = (one: string, other: string): boolean => new URL(one).href.split('#')[0] === other.split('#')[0];

/** Chromium decides for itself otherwise, and lets a page in focus write to the clipboard. */
async function refuse(names: readonly string[], cdp: CDPSession): Promise<void> {
  const { targetInfo } = await cdp.send('Target.getTargetInfo');
  const { browserContextId } = targetInfo;
  for (const name of names) {
    await cdp.send('Browser.setPermission', {
      permission: { name },
      setting: 'denied',
      ...(browserContextId === undefined ? {} : { browserContextId }),
    });
  }
}
