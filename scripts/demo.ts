// `npm run demo`: the whole main job with real parts on this machine, one line per step. Exit 0 only if every step held.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { agentAnswer } from './demo/answers.ts';
import { buildIfMissing, cliFile } from './demo/cli.ts';
import { createReport, StepFailed, type Report } from './demo/report.ts';
import * as steps from './demo/steps.ts';
import { linkAnswer } from './demo/window.ts';
import { createWorld, type World } from './demo/world.ts';

const help = `Runs Tokentray's main job with real parts: an authorization server and a protected MCP server on loopback, a
headless broker in a temporary profile, an agent on the official SDK. Needs no account and no network.

  npm run demo              every step, then everything is stopped and removed
  npm run demo -- --stay    the same, then all of it keeps running, with an mcp.json for an agent of yours

Exit codes: 0 every step held, 1 one did not, 2 the options were not understood.
`;

/** Nothing here takes long; a demo that hangs has failed. */
const patienceMs = 180_000;

async function main(argv: string[]): Promise<number> {
  const options = understand(argv);
  if (options === null) {
    process.stderr.write(help);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const report = createReport((line) => void process.stdout.write(`${line}\n`), process.stdout.isTTY);
  const stopped = whenStopped();
  await buildIfMissing();
  const world = await createWorld();
  const timer = setTimeout(() => stopped.now('the demo took too long'), patienceMs);
  try {
    await Promise.race([run(world, report, options.stay), stopped.promise]);
    clearTimeout(timer);
    if (options.stay) await stay(world, stopped.promise);
    return 0;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    if (error.cause === undefined && error.message !== '') process.stderr.write(`${error.message}\n`);
    const said = world.broker?.stderr().trim().split('\n').slice(-15).join('\n') ?? '';
    if (said !== '') process.stderr.write(`The last lines of the broker:\n${said}\n`);
    return 1;
  } finally {
    clearTimeout(timer);
    await world.close();
  }
}

async function run(world: World, report: Report, staying: boolean): Promise<void> {
  report.note(`authorization server ${world.issuer.issuer}, MCP server ${world.server.url} (2026-07-28)`);
  await report.step('broker', () => steps.startBroker(world));
  await report.step('add', () => steps.addServer(world));
  await report.step('sign-in', () => steps.signIn(world));
  const http = await remember(report, 'http', () => steps.callOverHttp(world));
  report.note(http.asked);
  await report.step('refresh', () => steps.refreshOnce(world, http.agent));
  const stdio = await remember(report, 'stdio', () => steps.callOverStdio(world));
  report.note(stdio.asked);
  await report.step('step-up', () => steps.stepUp(world, stdio.agent));
  // While an agent on stdio is connected, what its program runs may not do as a person may.
  await stdio.agent.close();
  await report.step('secrets', () => steps.noSecretAnywhere(world, http.key));
  await report.step('revoke', () => steps.revoke(world, http.agent));
  await report.step('audit', () => steps.audit(world));
  if (staying) {
    await report.step('sign-in', () => steps.signIn(world));
    // The demo's own agent was allowed for good; whoever tries it out is asked about.
    const { key } = await world.cli.json(agentAnswer, 'agent', 'add', 'my-agent');
    process.stdout.write(mcpJson(world, { url: http.url, key }));
    const { link } = await world.cli.json(linkAnswer, 'ui', '--no-open');
    process.stdout.write(
      `The window, for one browser, once. It asks you before your agent may use the server:\n${link}\n\n`,
    );
  } else {
    await report.step('stop', () => steps.stopBroker(world));
  }
  report.note(`${report.passed} steps held`);
}

/** A step whose outcome later steps need. */
async function remember<T extends { said: string }>(report: Report, name: string, take: () => Promise<T>): Promise<T> {
  const kept: T[] = [];
  await report.step(name, async () => {
    const taken = await take();
    kept.push(taken);
    return taken.said;
  });
  const [taken] = kept;
  if (taken === undefined) throw new StepFailed(name);
  return taken;
}

function mcpJson(world: World, http: { url: URL; key: string }): string {
  const env = { TOKENTRAY_HOME: world.profile.path };
  const stdio = { command: process.execPath, args: [cliFile, 'stdio', steps.name], env };
  const overHttp = { type: 'http', url: http.url.href, headers: { Authorization: `Bearer ${http.key}` } };
  const config = { mcpServers: { 'demo-stdio': stdio, 'demo-http': overHttp } };
  return `\nmcp.json for an agent (either entry):\n${JSON.stringify(config, null, 2)}\n\n`;
}

async function stay(world: World, stopped: Promise<never>): Promise<void> {
  process.stdout.write('Everything keeps running. Ctrl-C stops and removes it.\n');
  const brokerGone = world.broker?.finished.then(() => {
    throw new StepFailed('the broker ended by itself');
  });
  await Promise.race([stopped, brokerGone]).catch((error: unknown) => {
    if (!(error instanceof StepFailed && error.message === stoppedByPerson)) throw error;
  });
}

const stoppedByPerson = 'stopped';

function whenStopped(): { promise: Promise<never>; now: (why: string) => void } {
  const parts: { reject?: (error: Error) => void } = {};
  const promise = new Promise<never>((_resolve, reject) => {
    parts.reject = reject;
  });
  promise.catch(() => {});
  const now = (why: string): void => parts.reject?.(new StepFailed(why));
  process.once('SIGINT', () => now(stoppedByPerson));
  process.once('SIGTERM', () => now(stoppedByPerson));
  return { promise, now };
}

function understand(argv: string[]): { help: boolean; stay: boolean } | null {
  try {
    const options = { help: { type: 'boolean', short: 'h' }, stay: { type: 'boolean' } } as const;
    const { values } = parseArgs({ args: argv, options, strict: true });
    return { help: values.help === true, stay: values.stay === true };
  } catch {
    return null;
  }
}

process.exitCode = await main(process.argv.slice(2));
