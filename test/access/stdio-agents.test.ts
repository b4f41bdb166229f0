// An agent on stdio is recognised by the program that it is, as the kernel knows it, and not by its own word alone.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAgents } from '../../main/access/agents.ts';
import type { Peer } from '../../main/access/evidence/peer.ts';
import { createStdioAgents } from '../../main/access/stdio-agents.ts';
import type { StdioAgent, StdioAgentsParts } from '../../main/access/stdio-agents.ts';
import type { StdioHello } from '../../main/control/stdio-protocol.ts';
import { recordingLog } from '../vault/recording-log.ts';
import { placePerTest } from '../control/fixture.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { folder, start } from './evidence/children.ts';

const launcher = fileURLToPath(new URL('../../main/cli/tokentray.ts', import.meta.url));
const onLinux = process.platform === 'linux';
const at = placePerTest();

interface Door {
  /** The next agent that came in, with what it said. */
  next(): Promise<StdioAgent & { readonly hello: StdioHello; readonly stream: Duplex; readonly peer: Peer | null }>;
}

let agents: ReturnType<typeof createAgents>;
let stdioAgents: ReturnType<typeof createStdioAgents>;

beforeEach(async () => {
  const { deps } = at().fake;
  await deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  agents = createAgents({ store: deps.store, clock: deps.clock });
  stdioAgents = createStdioAgents({ agents, store: deps.store, log: deps.log });
});

async function listen(): Promise<Door> {
  const came: Awaited<ReturnType<Door['next']>>[] = [];
  const waiting: (() => void)[] = [];
  const arrived = async (hello: StdioHello, stream: Duplex, peer: Peer | null): Promise<void> => {
    came.push({ ...(await stdioAgents.arrive(hello, peer)), hello, stream, peer });
    waiting.shift()?.();
  };
  await at().listen((...shim) => void arrived(...shim));
  const next: Door['next'] = async () => {
    const first = came.shift();
    if (first !== undefined) return first;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return next();
  };
  return { next };
}

/** An agent as a program of its own: starts the shim, through a shell where `through` says so. */
function agentProgram(name: string, through: 'shell' | 'directly', words: readonly string[] = []): string {
  const file = join(folder(), name);
  const command = [process.execPath, launcher, 'stdio', 'linear', ...words];
  const [program, args] =
    through === 'directly'
      ? [command[0], command.slice(1)]
      : ['/bin/sh', ['-c', `${command.map((word) => `'${word}'`).join(' ')}; exit`]];
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process';
     const child = spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { stdio: ['pipe', 'inherit', 'inherit'] });
     console.log(child.pid);
     process.stdin.resume();`,
  );
  return file;
}

const environment = () => ({ PATH: process.env['PATH'], HOME: at().home, TOKENTRAY_HOME: at().home });
const startAgent = (file: string, options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) =>
  start(process.execPath, [file], {
    env: { ...environment(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });

describe.runIf(onLinux)('an agent that starts the shim', () => {
  it.each(['shell', 'directly'] as const)(
    'is known by its own process, executable, script and folder (%s)',
    async (through) => {
      const door = await listen();
      const file = agentProgram('agent.mjs', through);
      const project = folder();
      const program = startAgent(file, { cwd: project, env: { TOKENTRAY_AGENT: 'Cursor' } });
      const { agent, folder: where, peer, hello } = await door.next();
      expect(peer?.pid).toBe(hello.pid);
      expect(where).toBe(project);
      expect(agent).toMatchObject({
        name: 'Cursor',
        kind: 'stdio',
        keyHash: null,
        identity: expect.stringMatching(/^[0-9a-f]{64}$/u),
        trusted: false,
        claimed: { name: 'Cursor', client: null, clientUri: null },
        checked: {
          by: 'kernel',
          pid: program.pid,
          executable: realpathSync(process.execPath),
          script: realpathSync(file),
          folder: project,
          signature: null,
        },
      });
      expect(agent.checked?.parents[0]).toMatchObject({ pid: process.pid, executable: realpathSync(process.execPath) });
      expect(stdioAgents.processes()).toMatchObject([{ agentId: agent.id, pid: program.pid }]);
    },
  );

  it('is the same one when it comes again, and another program under its name is another', async () => {
    const door = await listen();
    const file = agentProgram('agent.mjs', 'directly', ['--agent', 'Cursor']);
    startAgent(file);
    const first = await door.next();
    startAgent(file, { cwd: folder() });
    const again = await door.next();
    expect(again.agent.id).toBe(first.agent.id);
    expect(again.agent.checked?.pid).not.toBe(first.agent.checked?.pid);
    startAgent(agentProgram('agent.mjs', 'directly', ['--agent', 'Cursor']));
    const liar = await door.next();
    expect(liar.agent.id).not.toBe(first.agent.id);
    expect(liar.agent.name).toBe('Cursor 2');
    startAgent(file, { env: { TOKENTRAY_AGENT: 'ignored, the flag decides' } });
    expect((await door.next()).agent.id).toBe(first.agent.id);
    expect(agents.list()).toHaveLength(2);
  });

  it('is called after its script until its first message tells a better name, unless a person has', async () => {
    const door = await listen();
    startAgent(agentProgram('helper.mjs', 'directly'));
    const one = await door.next();
    expect(one.agent).toMatchObject({ name: 'helper', claimed: { name: null } });
    agents.noteClient(one.agent.id, { name: 'claude-code', version: '2.0.1' });
    expect(agents.get(one.agent.id)).toMatchObject({
      name: 'claude-code',
      claimed: { client: { name: 'claude-code', version: '2.0.1' } },
    });
    startAgent(agentProgram('helper.mjs', 'directly'));
    const two = await door.next();
    agents.rename({ id: two.agent.id }, 'My own');
    agents.noteClient(two.agent.id, { name: 'claude-code', version: null });
    expect(agents.get(two.agent.id)?.name).toBe('My own');
  });

  it('cannot be played by a program that says the number of another one’s shim', async () => {
    const door = await listen();
    startAgent(agentProgram('agent.mjs', 'directly', ['--agent', 'Cursor']));
    const real = await door.next();
    const liar = join(folder(), 'tokentray.mjs');
    writeFileSync(liar, lying(at().path, { ...real.hello, server: undefined }));
    const program = start(process.execPath, [liar, 'stdio', 'linear'], { env: environment() });
    const seen = await door.next();
    expect(seen.hello.pid).toBe(real.hello.pid);
    expect(seen.peer?.pid).toBe(program.pid);
    expect(seen.agent.id).not.toBe(real.agent.id);
    expect(seen.agent).toMatchObject({ name: 'Cursor 2', checked: { by: 'kernel', pid: program.pid, script: liar } });
  });

  it('that is gone before it is looked at is known by its word only, and the number is nobody’s', async () => {
    const child = start(process.execPath, ['-e', '']);
    await child.end();
    const { agent, folder: where } = await stdioAgents.arrive(said({ pid: child.pid, agentName: 'Cursor' }), {
      pid: child.pid,
      uid: process.getuid?.() ?? 0,
      askedAt: Number.MAX_SAFE_INTEGER,
    });
    expect(agent).toMatchObject({ name: 'Cursor', checked: null });
    expect(where).toBeNull();
  });

  it('is not taken for a process that got its number later', async () => {
    const child = start(process.execPath, ['-e', 'process.stdin.resume()']);
    const peer = { pid: child.pid, uid: 0, askedAt: 0 };
    expect((await stdioAgents.arrive(said({ pid: child.pid }), peer)).agent.checked).toBeNull();
  });

  it('is held to its word where the kernel cannot be asked, and that is another agent than a checked one', async () => {
    const door = await listen();
    startAgent(agentProgram('agent.mjs', 'directly', ['--agent', 'Cursor']));
    const checked = await door.next();
    const unchecked = await stdioAgents.arrive(checked.hello, null);
    expect(unchecked.agent.checked).toMatchObject({ by: 'its-word', pid: checked.agent.checked?.pid });
    expect(unchecked.agent.id).not.toBe(checked.agent.id);
    // Of another container: its number means something else here.
    const hidden = await stdioAgents.arrive(checked.hello, { pid: null, uid: 0, askedAt: 0 });
    expect(hidden.agent.checked).toBeNull();
  });
});

const said = (over: Partial<StdioHello> = {}): StdioHello => ({
  server: 'linear',
  agentName: null,
  pid: 0,
  parentPid: 0,
  cwd: '/',
  argv: [],
  version: '0',
  resumed: false,
  ...over,
});

const lying = (path: string, hello: object): string =>
  `import { connect } from 'node:net';
   const said = Buffer.from(${JSON.stringify(JSON.stringify(hello))}).toString('base64url');
   const socket = connect(${JSON.stringify(path)});
   socket.write('GET /stdio/linear HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: tokentray-stdio\\r\\ntokentray-hello: ' + said + '\\r\\n\\r\\n');
   socket.resume();`;

const arrive = (agentName: string) => stdioAgents.arrive(said({ agentName }), null);

describe('agents that nobody decided about', () => {
  it('make room for new ones: the longest unused go first, and whoever is here or was decided about stays', async () => {
    const { clock } = at().fake.deps;
    const ended: string[] = [];
    agents.onEnd((id, because) => ended.push(`${id} ${because}`));
    const connected = await arrive('connected');
    const trusted = await arrive('trusted');
    trusted.left();
    agents.trust({ id: trusted.agent.id }, true);
    const first = await arrive('first');
    first.left();
    const second = await arrive('second');
    second.left();
    await (clock as FakeClock).advance(120_000);
    agents.touch(first.agent.id);
    for (let n = 0; n < 199; n += 1) (await arrive(`flood ${n}`)).left();
    const names = new Set(agents.list().map(({ name }) => name));
    expect(names.has('connected') && names.has('trusted')).toBe(true);
    expect([names.has('first'), names.has('second')]).toEqual([true, false]);
    expect(ended).toEqual([`${second.agent.id} dropped`]);
    expect(agents.list().length).toBeLessThanOrEqual(202);
    connected.left();
  });

  it('are refused when there are too many of them at once', async () => {
    for (let n = 0; n < 200; n += 1) await arrive(`flood ${n}`);
    await expect(arrive('one more')).rejects.toMatchObject({ code: 'overloaded' });
    // One that is known comes in all the same.
    expect((await arrive('flood 7')).agent.name).toBe('flood 7');
  });
});

describe.runIf(onLinux)('a command that an agent runs', () => {
  it.each([
    ['make itself an agent that nobody is asked about', 'agent add evil --trust'],
    ['fetch the token that no rule would stand before', 'token linear'],
    ['take another agent’s place', 'agent rotate mine'],
    ['lend itself a better name', 'agent rename mine Cursor'],
    ['get into the window', 'ui --no-open'],
  ])('cannot %s', async (_, command) => {
    const { deps } = at().fake;
    Object.assign(deps, { startedBy: (peer: Peer | null) => stdioAgents.startedBy(peer) });
    const door = await listen();
    deps.agents.add('mine');
    const place = folder();
    const program = startAgent(commanding(place, command));
    await door.next();
    const before = deps.agents.list();
    program.child.stdin?.write('go\n');
    expect(await program.line()).toBe('done');
    const { code, out } = JSON.parse(readFileSync(join(place, 'result'), 'utf8')) as { code: number; out: string };
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      { error: { code: 'agent_refused', facts: { startedBy: 'agent' } } },
    ]);
    expect(deps.agents.list()).toMatchObject(before.map(({ id, name }) => ({ id, name })));
    expect(at().fake.calls.map(([what]) => what)).not.toContain('accessToken');
  });

  it('is not mistaken for one of the person’s own', async () => {
    const { deps } = at().fake;
    Object.assign(deps, { startedBy: (peer: Peer | null) => stdioAgents.startedBy(peer) });
    const door = await listen();
    startAgent(agentProgram('agent.mjs', 'directly'));
    await door.next();
    const client = at().connect();
    expect((await client.script.addAgent({ name: 'mine', trusted: true })).agent.trusted).toBe(true);
    expect((await client.script.token({ server: 'linear' })).token_type).toBe('bearer');
  });
});

/** An agent that starts the shim, and a command through a shell when it is told to. */
function commanding(place: string, command: string): string {
  const file = join(place, 'agent.mjs');
  const line = `'${process.execPath}' '${launcher}' ${command} --json; exit $?`;
  writeFileSync(
    file,
    `import { spawn, execFile } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     spawn(${JSON.stringify(process.execPath)}, [${JSON.stringify(launcher)}, 'stdio', 'linear'], { stdio: ['pipe', 'ignore', 'inherit'] });
     process.stdin.once('data', () => {
       execFile('/bin/sh', ['-c', ${JSON.stringify(line)}], (error, out) => {
         writeFileSync(${JSON.stringify(join(place, 'result'))}, JSON.stringify({ code: error?.code ?? 0, out }));
         console.log('done');
       });
     });`,
  );
  return file;
}

describe('a signature', () => {
  it('is looked at after the agent came in, and shown as soon as it is known', async () => {
    const { deps } = at().fake;
    let told = 0;
    const verdict = { verdict: 'valid', signer: 'Example Tools' } as const;
    const parts: StdioAgentsParts = {
      agents,
      store: deps.store,
      log: recordingLog(),
      processes: {
        now: () => 0,
        lineage: async () => [
          {
            pid: 7,
            parentPid: 0,
            startedAt: 0,
            name: 'cursor',
            executable: '/opt/cursor',
            deleted: false,
            commandLine: [],
            folder: '/',
          },
        ],
      },
      signature: async () => verdict,
      onChange: () => void (told += 1),
    };
    const { agent } = await createStdioAgents(parts).arrive(said({ pid: 7 }), null);
    expect(agent.checked?.signature).toBeNull();
    await new Promise(setImmediate);
    expect(agents.get(agent.id)?.checked?.signature).toEqual(verdict);
    expect(told).toBe(1);
  });
});
