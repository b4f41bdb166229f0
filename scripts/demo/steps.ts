// The main job, step by step. Each step acts as a person or an agent would and then checks what really went over the wire.
import { setTimeout as pause } from 'node:timers/promises';
import { searchBytes, searchFolder } from '../../test/support/canary.ts';
import { hashToken } from '../../test/support/mcp-server.ts';
import { httpAgent, stdioAgent, type DemoAgent } from './agent.ts';
import {
  agentAnswer,
  approvalAnswer,
  approvalsAnswer,
  auditAnswer,
  receiptAnswer,
  statusAnswer,
  tokenAnswer,
  viewAnswer,
} from './answers.ts';
import { hold, StepFailed, wire } from './report.ts';
import { openWindow } from './window.ts';
import { lifetimes, type World } from './world.ts';

export const name = 'demo';

export interface Called {
  readonly agent: DemoAgent;
  /** How the person came to allow it. */
  readonly asked: string;
  readonly said: string;
}

export async function startBroker(world: World): Promise<string> {
  world.broker = world.cli.start('serve', '--json');
  await world.broker.line(/"bridge"/);
  const status = await world.cli.json(statusAnswer, 'status');
  hold(status.pid === world.broker.pid, 'another broker answered');
  return `pid ${status.pid}, bridge ${status.bridge.url}, ${status.vault.kind} vault, temporary profile`;
}

export async function addServer(world: World): Promise<string> {
  await world.cli.json(viewAnswer, 'add', name, world.server.url);
  return `tokentray add ${name} ${world.server.url}`;
}

/** Signs in through the provider's own pages, in a browser that is not on this screen. */
export async function signIn(world: World): Promise<string> {
  const { issuer, browser, cli } = world;
  world.personIsThere = true;
  issuer.stats.clear();
  const connecting = cli.start('connect', name, '--no-browser', '--json');
  const line = await connecting.line(/"kind":"sign-in"/);
  const page = await browser.open(String((JSON.parse(line) as { url: unknown }).url));
  const ended = await connecting.finished;
  hold(ended.code === 0, `tokentray connect ended with ${ended.code}: ${ended.stderr.trim()}`);
  hold(page.status === 200, `the callback page answered ${page.status}`);
  const consent = browser.consent;
  hold(consent?.resource === world.server.url, 'the consent page named another resource');
  hold(consent.scopes.includes('mcp'), `the consent was for "${consent.scopes.join(' ')}"`);
  const [registration] = issuer.stats.list({ endpoint: 'registration' });
  const [exchange] = issuer.stats.list({ endpoint: 'token', grantType: 'authorization_code' });
  const [authorization] = issuer.stats.list({ endpoint: 'authorization' });
  hold(exchange?.status === 200 && exchange.params['resource'] === world.server.url, 'the exchange named no resource');
  hold(authorization?.params['code_challenge_method'] === 'S256', 'the request was made without PKCE S256');
  const registered = registration === undefined ? '' : `${wire(registration)}; `;
  return `${registered}consent to "${consent.scopes.join(' ')}" as alice; ${wire(exchange, 'grant_type', 'resource')}`;
}

/** A new agent gets nowhere until the person, who sees which program it is, lets it in. */
export async function callOverStdio(world: World): Promise<Called> {
  world.window = await openWindow(world.cli);
  const agent = await stdioAgent(name, world.cli.env, (url) => open(world, url));
  world.closing.push(() => agent.close());
  world.server.log.clear();
  const calling = agent.whoami();
  const question = await asked(() => world.window?.question() ?? Promise.resolve(null));
  hold(world.server.log.list({ rpc: 'tools/call' }).length === 0, 'the call went out before it was allowed');
  const own = await world.cli.run('approve', question.id);
  hold(own.code === 1, `a command of the agent answered its own question (${own.code})`);
  await world.window.allow(question);
  const who = await calling;
  hold(who.sub === 'alice' && who.scopes.join(' ') === 'mcp', `the server saw ${JSON.stringify(who)}`);
  const call = world.server.log.list({ rpc: 'tools/call', name: 'whoami' }).at(-1);
  const spoken = call?.headers['mcp-protocol-version'] ?? 'unknown';
  return {
    agent,
    asked: `"${question.agent.name}" asked, checked as ${question.agent.checked?.executable ?? 'unknown'}; what it runs cannot answer (tokentray approve → ${own.code}); allowed in the window for this session`,
    said: `agent speaks ${agent.protocol}, server ${spoken}; POST /mcp tools/call → ${call?.status}, token ${who.token} for ${who.sub}`,
  };
}

export async function callOverHttp(world: World): Promise<Called & { key: string; url: URL }> {
  const { key } = await world.cli.json(agentAnswer, 'agent', 'add', 'demo-agent');
  const status = await world.cli.json(statusAnswer, 'status');
  const url = new URL(`${status.bridge.url}/mcp/${name}`);
  const agent = await httpAgent(url, key, (link) => open(world, link));
  world.closing.push(() => agent.close());
  const calling = agent.whoami();
  const question = await asked(async () => (await world.cli.json(approvalsAnswer, 'approvals')).prompts[0] ?? null);
  hold(question.agent.name === 'demo-agent' && question.tool === 'whoami', 'somebody else asked');
  await world.cli.json(approvalAnswer, 'approve', question.id, '--always');
  const who = await calling;
  hold(who.sub === 'alice', `the server saw ${JSON.stringify(who)}`);
  hold(
    world.server.requests.every((request) => request.tokenHash !== hashToken(key)),
    'the agent key reached the server',
  );
  const stranger = await fetch(url, { method: 'POST', body: '{}', headers: { authorization: 'Bearer no-such-key' } });
  hold(stranger.status === 401, `a wrong agent key was answered with ${stranger.status}`);
  return {
    agent,
    key,
    url,
    asked: `"demo-agent" asked for "${question.tool}" → tokentray approve ${question.id} --always`,
    said: `POST ${url.href} → 200, the agent's key stayed here; with a wrong key → ${stranger.status}`,
  };
}

/** Lets the access token run out unused; then five calls at once must cause one refresh. */
export async function refreshOnce(world: World, agent: DemoAgent): Promise<string> {
  const { issuer, server, cli } = world;
  const before = await agent.whoami();
  for (let waited = 0; ; waited += 1) {
    const view = await cli.json(viewAnswer, 'show', name);
    const expiresAt = view.state.accessTokenExpiresAt ?? Number.POSITIVE_INFINITY;
    if (Date.now() > expiresAt + 1000) break;
    hold(waited < 120, 'the access token did not run out');
    await pause(250);
  }
  issuer.stats.clear();
  server.log.clear();
  const calls = await Promise.all(Array.from({ length: 5 }, () => agent.whoami()));
  const refreshes = issuer.stats.list({ endpoint: 'token' });
  const [refresh] = refreshes;
  hold(refreshes.length === 1 && refresh !== undefined, `${refreshes.length} token requests for 5 calls`);
  hold(refresh.params['grant_type'] === 'refresh_token' && refresh.status === 200, `the refresh: ${wire(refresh)}`);
  hold(refresh.params['resource'] === server.url, 'the refresh named no resource');
  const tokens = new Set(calls.map((call) => call.token));
  hold(tokens.size === 1 && !tokens.has(before.token), 'the calls did not share one new token');
  return `${wire(refresh, 'grant_type', 'resource')}, 1 request for 5 calls`;
}

/** A tool that wants one more scope: the person is asked, consents to the union, and the call goes through. */
export async function stepUp(world: World, agent: DemoAgent): Promise<string> {
  const { issuer, server, browser } = world;
  world.accessTokenTtl = lifetimes.long;
  issuer.stats.clear();
  server.log.clear();
  const first = await agent.call('admin');
  let result = first;
  if (first.isError) {
    // An agent that cannot be sent to an address gets it in the result.
    const link = /https?:\/\/127\.0\.0\.1:\d+\/sign-in\/[\w-]+/.exec(first.text)?.[0];
    hold(link !== undefined, `the step-up answered: ${first.text}`);
    await open(world, new URL(link));
    result = await agent.call('admin');
  }
  hold(!result.isError && result.text === 'admin for "alice"', `the admin tool answered: ${result.text}`);
  const [forbidden] = server.log.list({ rpc: 'tools/call', name: 'admin', status: 403 });
  const served = server.log.list({ rpc: 'tools/call', name: 'admin', status: 200 });
  hold(forbidden !== undefined && served.length === 1, 'the call was not refused once and then served once');
  const asked = browser.consent?.scopes ?? [];
  hold(asked.includes('mcp') && asked.includes('admin'), `the consent was for "${asked.join(' ')}"`);
  const who = await agent.whoami();
  hold(who.scopes.includes('mcp') && who.scopes.includes('admin'), `granted: ${who.scopes.join(' ')}`);
  const way = agent.shown.length > 0 ? 'asked by URL elicitation' : 'asked by a link in the result';
  return `403 insufficient_scope scope="admin" → ${way}, consent to "${asked.join(' ')}" → 200`;
}

/** Looks for every token, client secret and agent key where none may be. */
export async function noSecretAnywhere(world: World, agentKey: string): Promise<string> {
  const secrets = [...world.issuer.issuedSecrets, agentKey];
  const found = await searchFolder(world.profile.path, secrets);
  const output = [world.broker?.stdout() ?? '', world.broker?.stderr() ?? '', ...world.cli.printed].join('\n');
  const sightings = [...found.sightings, ...searchBytes('what was printed', output, secrets)];
  hold(sightings.length === 0, `found in ${sightings.map((sighting) => sighting.where).join(', ')}`);
  hold(found.files.length > 0 && output.length > 0, 'there was nothing to search');
  return `${secrets.length} tokens and keys were given out; none is in the profile's ${found.files.length} files or in what was printed`;
}

export async function revoke(world: World, agent: DemoAgent): Promise<string> {
  const { issuer, server, cli } = world;
  const { access_token, expires_at } = await cli.json(tokenAnswer, 'token', name, '--min-ttl', '30s');
  hold((await present(server.url, access_token)) !== 401, 'the token was refused before it was revoked');
  issuer.stats.clear();
  const receipt = await cli.json(receiptAnswer, 'revoke', name);
  hold(receipt.confirmed, `the receipt says ${JSON.stringify(receipt.tokens)}`);
  const asked = issuer.stats.list({ endpoint: 'revocation' });
  hold(asked.length > 0 && asked.every((request) => request.status === 200), 'the revocation was not confirmed');
  const after = await present(server.url, access_token);
  hold(after === 401, `the old token still gets ${after}`);
  hold(expires_at !== null && Date.now() < expires_at, 'the token had run out by itself');
  world.personIsThere = false;
  const served = server.calls['whoami'] ?? 0;
  const refused = await agent.call('whoami').catch((error: unknown) => ({ text: String(error), isError: true }));
  hold(refused.isError && (server.calls['whoami'] ?? 0) === served, 'a call went through after the revocation');
  const { state } = await cli.json(viewAnswer, 'show', name);
  hold(state.kind === 'needs-sign-in', `the grant is ${state.kind}`);
  const kinds = asked.map((request) => wire(request, 'token_type_hint')).join('; ');
  return `${kinds}; the old token at the MCP server → ${after}; the agent is told to sign in`;
}

/** Everything above is in the audit, call by call, and nobody has changed it since. */
export async function audit(world: World): Promise<string> {
  const { verdict, rows } = await world.cli.json(auditAnswer, 'audit', 'verify');
  hold(verdict === 'intact', `the audit is ${verdict}`);
  const { stdout } = await world.cli.run('audit', 'list', '--kind', 'tool-call', '--json');
  const calls = stdout.trim().split('\n').length;
  hold(calls >= 7, `the audit has ${calls} of the calls`);
  return `tokentray audit verify → ${verdict}, ${rows} rows, ${calls} of them tool calls`;
}

/** Stops the broker as a service manager would. */
export async function stopBroker(world: World): Promise<string> {
  for (const close of world.closing.splice(0).toReversed()) await close();
  const ended = await world.broker?.stop();
  hold(ended?.code === 0, `the broker ended with ${ended?.code ?? ended?.signal}`);
  return 'SIGTERM → the broker ended with 0';
}

/** What an agent asks the person, as soon as it does. */
async function asked<T>(look: () => Promise<T | null>): Promise<T> {
  for (let waited = 0; waited < 100; waited += 1) {
    const question = await look();
    if (question !== null) return question;
    await pause(100);
  }
  throw new StepFailed('nobody was asked');
}

/** Uses a token by itself, past the broker, as a thief would. */
async function present(url: string, token: string): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  });
  await answer.body?.cancel();
  return answer.status;
}

/** What the person does with an address that an agent shows: goes there, unless away. */
async function open(world: World, url: URL): Promise<boolean> {
  if (!world.personIsThere) return false;
  const page = await world.browser.open(url);
  hold(page.status === 200, `the browser ended on ${page.status}: ${page.text}`);
  return true;
}
