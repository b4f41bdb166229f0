// What the pictures show of a broker without a desktop: the window in a browser, over real servers, with what hurts: nothing at all, long names, many scopes, failures.
import type { Browser, Page } from 'playwright-core';
import { agentOver, callContract, openUi, type Ui, type UiOptions } from '../../test/e2e/ui/fixture.ts';
import { shoot, type Shot } from './camera.ts';

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

/** @param wanted which pictures, by their names */
export async function takeInBrowser(
  browser: Browser,
  env: Readonly<Record<string, string>>,
  wanted: (name: string) => boolean,
  folder: string,
): Promise<void> {
  for (const { options, prepare, shots } of settings) {
    const now = shots.filter(({ name }) => wanted(name));
    if (now.length === 0) continue;
    await using ui = await openUi(browser, { ...options, env: { ...env, ...options.env } });
    const agents = (await prepare?.(ui)) ?? [];
    for (const shot of now) {
      await shoot(ui, shot, folder);
      console.log(shot.name);
    }
    for (const agent of agents) await agent.close();
  }
}
