// `node scripts/screens.ts`: pictures of every screen into docs/screens, of the built window over a real broker and real servers.
// Light and dark, as popover and as window; with what hurts: nothing at all, long names, many scopes, failures.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { agentOver, callContract, openUi, sizes, type Ui, type UiOptions } from '../test/e2e/ui/fixture.ts';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import { keyringMissing, keyringSession } from '../test/vault/keyring-session.ts';

const folder = fileURLToPath(new URL('../docs/screens', import.meta.url));
const only = process.argv[2];

interface Shot {
  readonly name: string;
  readonly hash: string;
  readonly ready: string;
  readonly before?: (page: Page) => Promise<void>;
  /** All of it, not only what fits. */
  readonly whole?: boolean;
}

type Agent = Awaited<ReturnType<typeof agentOver>>;

interface Setting {
  readonly options: UiOptions;
  /** Agents that have to be there while the pictures are taken are given back, to be closed. */
  readonly prepare?: (ui: Ui) => Promise<readonly Agent[] | void>;
  readonly shots: readonly Shot[];
}

const manyScopes = [
  'mcp',
  'repo:read',
  'repo:write',
  'issues:read',
  'issues:write',
  'pull_requests:read',
  'pull_requests:write',
  'https://www.provider.example/auth/calendar.events.readonly',
  'admin:organisation',
  'audit_log:read',
  'notifications:read',
  'offline_access',
];
/** A name has 64 characters at most; an address has room for more. */
const longName = 'the-server-of-the-department-for-things-with-very-long-names-2026';
const longAddress = `https://mcp.${'a-very-long-label'.repeat(3)}.example/${'tenant/'.repeat(22)}mcp`;

const opensDialog = (button: string) => async (page: Page) => {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('dialog').waitFor();
};

/** Answers the question that a call raises, as a person does in the window. */
async function allowed(ui: Ui, call: Promise<unknown>): Promise<void> {
  await ui.go('#/approvals');
  await ui.page.getByText('Always', { exact: true }).click();
  await ui.page.getByRole('button', { name: 'Always allow' }).click();
  await call;
}

/** Also where the address is the one of the picture before, so that nothing goes there by itself. */
const scrolledTo = (name: string) => (page: Page) =>
  page.getByRole('group', { name }).evaluate((part) => part.scrollIntoView({ block: 'start' }));

const settings: readonly Setting[] = [
  {
    options: { added: false },
    shots: [
      { name: 'first-run', hash: '#/servers', ready: 'Welcome to Tokentray' },
      { name: 'activity-empty', hash: '#/activity?kind=refreshed', ready: 'Activity' },
    ],
  },
  {
    options: {
      as: { scopes: manyScopes },
      auth: { toolScopes: {}, scopesSupported: manyScopes },
      signedIn: true,
    },
    prepare: async (ui) => {
      const key = await ui.broker.agentKey('cursor');
      const agents = [
        await agentOver(ui.broker.httpWay(key)),
        await agentOver(ui.broker.stdioWay(), 'an-agent-that-gives-itself-a-name-of-quite-some-length/2.14.1'),
      ];
      for (const agent of agents) {
        await allowed(ui, agent.callTool({ name: 'echo', arguments: { text: 'hello' } }));
        ui.broker.authorizationServer.expireAccessTokens();
      }
      await agents[0]?.callTool({ name: 'echo', arguments: { text: 'hello' } });
      for (const agent of agents) await agent.close();
      await callContract(ui.page, 'servers/add', [
        { name: longName.slice(0, 64), url: longAddress },
        { name: 'linear', url: 'https://mcp.linear.app/mcp' },
        { name: 'ended', url: `${ui.broker.server.url}?as=another` },
        { name: 'nobody', url: 'http://127.0.0.1:61999/mcp' },
        { name: 'blocked', url: 'http://127.0.0.1:9/mcp' },
      ]);
    },
    shots: [
      { name: 'servers', hash: '#/servers', ready: 'linear' },
      { name: 'add', hash: '#/add', ready: 'Or pick a well-known one' },
      { name: 'plan', hash: '#/add?name=demo', ready: 'What will happen', whole: true },
      { name: 'plan-failed', hash: '#/add?name=nobody', ready: 'Try again' },
      { name: 'plan-failed-port', hash: '#/add?name=blocked', ready: 'Try again' },
      { name: 'server', hash: '#/servers/demo', ready: 'End and clean up', whole: true },
      { name: 'server-long-name', hash: `#/servers/${longName.slice(0, 64)}`, ready: 'End and clean up' },
      { name: 'server-unknown', hash: '#/servers/none', ready: 'There is no server of this name' },
      { name: 'history', hash: '#/servers/demo/history', ready: 'Signed in' },
      { name: 'set-up', hash: '#/servers/demo/set-up', ready: 'Over stdio' },
      {
        name: 'doctor',
        hash: '#/servers/demo/doctor',
        ready: 'Run the doctor',
        before: async (page) => {
          await page.getByRole('button', { name: 'Run the doctor' }).click();
          await page.getByRole('button', { name: 'Run again' }).waitFor();
        },
      },
      { name: 'revoke', hash: '#/servers/demo', ready: 'End and clean up', before: opensDialog('Revoke…') },
      { name: 'activity', hash: '#/activity', ready: 'Used by an agent' },
      { name: 'settings', hash: '#/settings', ready: 'Clear everything', whole: true },
      { name: 'clear', hash: '#/settings/clear', ready: 'Clear everything', before: opensDialog('Clear everything…') },
      {
        name: 'keyboard',
        hash: '#/servers',
        ready: 'linear',
        before: async (page) => page.keyboard.press('?'),
      },
    ],
  },
  {
    options: { as: { registration: false } },
    shots: [{ name: 'client-form', hash: '#/add?name=demo', ready: 'This provider wants a client', whole: true }],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => {
      const agent = await agentOver(ui.broker.httpWay(await ui.broker.agentKey('cursor')));
      await allowed(ui, agent.callTool({ name: 'echo', arguments: { text: 'hello' } }));
      ui.broker.authorizationServer.revokeAllGrants('alice');
      await agent.callTool({ name: 'echo', arguments: { text: 'hello' } }).catch(() => null);
      await ui.go('#/servers');
      await agent.close();
      await ui.page.getByText('needs sign-in').first().waitFor();
      await callContract(ui.page, 'broker/pause', [{}]);
    },
    shots: [{ name: 'needs-you', hash: '#/servers', ready: 'the provider ended the grant' }],
  },
  {
    options: { auth: { scopesSupported: ['mcp'] }, signedIn: true },
    prepare: async (ui) => {
      const agent = await agentOver(ui.broker.httpWay(await ui.broker.agentKey('cursor')));
      const called = agent.callTool({ name: 'admin', arguments: {} }).catch(() => null);
      await allowed(ui, called);
      await ui.go('#/servers');
      await agent.close();
      await ui.page.getByText('connected; wants more').waitFor();
    },
    shots: [
      { name: 'wants-more', hash: '#/servers', ready: 'connected; wants more' },
      { name: 'wants-more-server', hash: '#/servers/demo', ready: 'End and clean up' },
      { name: 'wants-more-plan', hash: '#/add?name=demo', ready: 'What will happen', whole: true },
    ],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => {
      const agent = await agentOver(ui.broker.httpWay(await ui.broker.agentKey('cursor')), 'cursor');
      void agent.callTool({ name: 'echo', arguments: { text: 'hello' } }).catch(() => null);
      await ui.page.getByText('wants to use demo').waitFor();
      return [agent];
    },
    shots: [
      { name: 'asked', hash: '#/servers', ready: 'wants to use demo' },
      { name: 'prompt', hash: '#/approvals', ready: 'wants to use' },
    ],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => {
      // This very program, under the name of another one.
      const agent = await agentOver(ui.broker.stdioWay(), 'claude-code');
      void agent.callTool({ name: 'echo', arguments: { text: 'hello' } }).catch(() => null);
      await ui.page.getByText('wants to use demo').waitFor();
      return [agent];
    },
    shots: [{ name: 'prompt-in-doubt', hash: '#/approvals', ready: 'It calls itself', whole: true }],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => {
      const agent = await agentOver(ui.broker.httpWay(await ui.broker.agentKey('cursor')), 'cursor');
      await allowed(ui, agent.callTool({ name: 'echo', arguments: { text: 'hello' } }));
      await agent.listTools();
      await callContract(ui.page, 'tools/setRules', [
        { server: 'demo', rules: { tools: 'everything', allow: [], deny: ['admin*'], ask: 'changes' } },
      ]);
      void agent.callTool({ name: 'add', arguments: { a: 40, b: 2 } }).catch(() => null);
      await ui.page.getByText('wants to call add').waitFor();
      return [agent];
    },
    shots: [{ name: 'prompt-call', hash: '#/approvals', ready: 'not marked read-only' }],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => {
      const agents = [
        await agentOver(ui.broker.httpWay(await ui.broker.agentKey('cursor')), 'cursor'),
        await agentOver(ui.broker.stdioWay(), 'claude-code'),
      ];
      for (const agent of agents) {
        await allowed(ui, agent.callTool({ name: 'echo', arguments: { text: 'hello' } }));
        await agent.listTools();
      }
      ui.broker.server.change('tools');
      await agents[0]?.listTools();
      await ui.go('#/servers/demo/tools');
      await ui.page.getByText('One tool is held').waitFor();
      return agents;
    },
    shots: [
      { name: 'agents', hash: '#/agents', ready: 'may use demo' },
      { name: 'access', hash: '#/servers/demo/access', ready: 'Rules for every agent', whole: true },
      { name: 'tools', hash: '#/servers/demo/tools', ready: 'One tool is held' },
      { name: 'audit', hash: '#/audit', ready: 'Tool called' },
      { name: 'panic', hash: '#/settings/lock', ready: 'Panic', before: opensDialog('Panic…') },
    ],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => void (await callContract(ui.page, 'lock/lock', [{}])),
    shots: [{ name: 'locked', hash: '#/servers', ready: 'Tokentray is locked' }],
  },
  {
    options: { env: { TOKENTRAY_VAULT: 'memory' }, signedIn: true },
    shots: [
      { name: 'memory-vault', hash: '#/servers', ready: 'Sign-ins end with the broker.' },
      { name: 'vault', hash: '#/settings/vault', ready: 'Vault in use', before: scrolledTo('Vault and data') },
    ],
  },
  {
    options: { as: { revocation: false }, signedIn: true },
    prepare: async (ui) => {
      await ui.go('#/servers/demo');
      await ui.page.getByRole('button', { name: 'Revoke…' }).click();
      await ui.page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
      await ui.page.getByRole('dialog', { name: 'Receipt' }).waitFor();
    },
    shots: [{ name: 'receipt', hash: '#/servers/demo', ready: 'Receipt' }],
  },
  {
    options: { signedIn: true },
    prepare: async (ui) => {
      await ui.page.getByText('nothing needs you').waitFor();
      await ui.broker.process.stop();
      await ui.page.getByText('The broker does not answer.').waitFor();
    },
    shots: [{ name: 'broker-gone', hash: '#/servers', ready: 'The broker does not answer.' }],
  },
];

/** Two frames: the new size, fonts and the rows in view are drawn by then. */
const drawn = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** The screen scrolls inside the window, so the window becomes as high as what it holds; not higher than can be looked at. */
async function grow(page: Page, { width, height }: { readonly width: number; readonly height: number }): Promise<void> {
  await drawn(page);
  const more = await page
    .locator('main')
    .last()
    .evaluate((main) => {
      const scrolls = [main, ...main.querySelectorAll('*')].map((part) =>
        getComputedStyle(part).overflowY === 'auto' ? part.scrollHeight - part.clientHeight : 0,
      );
      return Math.max(...scrolls);
    });
  await page.setViewportSize({ width, height: Math.min(2_600, height + more) });
}

async function shoot(ui: Ui, shot: Shot): Promise<void> {
  const { page } = ui;
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await ui.go(shot.hash);
      await page.getByText(shot.ready).filter({ visible: true }).first().waitFor();
      if (colorScheme === 'light' || size === 'popover' || shot.before !== undefined) await shot.before?.(page);
      if (shot.whole === true) await grow(page, viewport);
      await drawn(page);
      await page.mouse.move(0, 0);
      await hideTemporaryFolders(page);
      await page.screenshot({
        path: join(folder, `${shot.name}-${size}-${colorScheme}.png`),
        animations: 'disabled',
        caret: 'hide',
      });
      if (shot.before === undefined) continue;
      await page.keyboard.press('Escape');
      await ui.go('#/activity');
      await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor();
    }
  }
}

async function take(browser: Browser, env: Environment, { options, prepare, shots }: Setting): Promise<void> {
  const wanted = shots.filter((shot) => only === undefined || shot.name === only);
  if (wanted.length === 0) return;
  await using ui = await openUi(browser, { ...options, env: { ...env, ...options.env } });
  const agents = (await prepare?.(ui)) ?? [];
  for (const shot of wanted) {
    await shoot(ui, shot);
    console.log(shot.name);
  }
  for (const agent of agents) await agent.close();
}

type Environment = Readonly<Record<string, string>>;

/** The port that agents are set up with; a broker of the developer's own may have it. */
const usualPort = 18_729;

/** A named port where the usual one is taken, so that no picture tells of a port that is in use. */
async function portOf(): Promise<Environment> {
  const own = await freePort(usualPort);
  return own === usualPort ? {} : { TOKENTRAY_PORT: String(own) };
}

/** This port, or any free one. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () => (wanted === 0 ? reject(new Error('no port is free')) : resolve(freePort(0))));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });
}

const executable = chromiumPath();
const noKeyring = keyringMissing();
if (executable === null) {
  console.error('No Chromium is installed: scripts/system.sh installs one.');
  process.exitCode = 1;
} else if (noKeyring !== null) {
  console.error(`Pictures show a broker that keeps its secrets in a keyring, and ${noKeyring}.`);
  process.exitCode = 1;
} else {
  await mkdir(folder, { recursive: true });
  if (only === undefined) {
    for (const name of await readdir(folder)) if (name.endsWith('.png')) await rm(join(folder, name));
  }
  const keyring = await keyringSession();
  const browser = await launchChromium(executable);
  try {
    const usual = {
      TOKENTRAY_VAULT: 'keychain',
      DBUS_SESSION_BUS_ADDRESS: keyring.address,
      // As whoever never chose: asking, and nothing that decides over it.
      TOKENTRAY_APPROVALS: '',
    };
    for (const setting of settings) await take(browser, { ...usual, ...(await portOf()) }, setting);
  } finally {
    await browser.close();
    await keyring.close();
  }
}

/** The profile is a temporary one, and the programs lie where they do here: their folders say nothing to a reader. */
async function hideTemporaryFolders(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const folders of document.querySelectorAll('[data-folders]')) folders.textContent = '…/';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.textContent ?? '';
      if (/^\/.+\/data$/u.test(text)) node.textContent = '~/.local/share/tokentray';
    }
  });
}
