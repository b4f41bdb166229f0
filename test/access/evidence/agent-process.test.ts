// The agent is the program that started the shim, not the shells between; and nobody can pass for another by a name alone.
import { describe, expect, it } from 'vitest';
import { findAgent } from '../../../main/access/evidence/agent-process.ts';
import type { Surroundings } from '../../../main/access/evidence/agent-process.ts';
import type { ProcessFacts } from '../../../main/access/evidence/lineage.ts';
import { plainScriptOf, scriptOf } from '../../../main/access/evidence/script.ts';
import { startedBy } from '../../../main/access/evidence/started-by.ts';

const shim = '/usr/lib/node_modules/tokentray/dist/main/cli/tokentray.js';
const surroundings: Surroundings = {
  shims: [shim],
  own: '/opt/tokentray/tokentray',
  ofSystem: (path) => path.startsWith('/usr/') || path.startsWith('/bin/') || path.startsWith('/sbin/'),
};
const there = new Set([shim, '/srv/agent.mjs', '/srv/sub/agent.mjs', '/srv/my agent.js', '/srv/tool.py']);
/** As if these files were there. */
const real = (path: string): string | null => (there.has(path) ? path : null);

/** The first one is the peer; each further one is its parent. */
const line = (...all: (readonly [words: string, executable?: string | null | undefined])[]): ProcessFacts[] =>
  all.map(([words, executable], at) => {
    const commandLine = words.split(' ');
    const [program = ''] = commandLine;
    return {
      pid: 100 - at,
      parentPid: 99 - at,
      startedAt: 1_000 - at,
      name: program.split('/').at(-1) ?? '',
      executable: executable === undefined ? program : executable,
      deleted: false,
      commandLine,
      folder: '/srv',
    };
  });

const agentOf = (lineage: ProcessFacts[]) => findAgent(lineage, { ...surroundings })?.agent.commandLine.join(' ');
const theShim = [`/usr/bin/node ${shim} stdio linear`] as const;

describe('the agent', () => {
  it('is what started the shim', () => {
    const found = findAgent(
      line(theShim, ['/opt/cursor/cursor'], ['/usr/bin/gnome-shell'], ['/sbin/init']),
      surroundings,
    );
    expect(found?.agent.executable).toBe('/opt/cursor/cursor');
    expect(found?.parents.map(({ executable }) => executable)).toEqual(['/usr/bin/gnome-shell', '/sbin/init']);
  });

  it('is found behind shells, env and npx', () => {
    const npx = '/usr/bin/node /usr/lib/node_modules/npm/bin/npx-cli.js tokentray stdio linear';
    const debian = '/usr/bin/node /usr/share/nodejs/npm/bin/npx-cli.js tokentray stdio linear';
    for (const runner of [npx, debian]) {
      expect(
        agentOf(line(theShim, ['/bin/sh -c tokentray'], [runner], ['/usr/bin/env x'], ['/bin/zsh'], ['/opt/claude'])),
      ).toBe('/opt/claude');
    }
  });

  it('is not skipped for being called like a shell or like npx', () => {
    expect(agentOf(line(theShim, ['/home/ada/bash evil'], ['/opt/claude']))).toBe('/home/ada/bash evil');
    const fake = '/usr/bin/node /tmp/node_modules/npm/bin/npx-cli.js';
    expect(agentOf(line(theShim, [fake], ['/opt/claude']))).toBe(fake);
  });

  it('is the peer itself when that is not our shim, whatever it is called', () => {
    for (const peer of [
      '/usr/bin/node /tmp/tokentray.js stdio linear',
      '/usr/bin/python3 /srv/tool.py',
      '/bin/sh -c x',
      // Another program with the shim's path among its words.
      `/tmp/evil ${shim} stdio linear`,
      // Loaded into the shim's own process before the shim.
      `/usr/bin/node --require=/tmp/evil.js ${shim} stdio linear`,
      `/usr/bin/node -r /tmp/evil.js ${shim} stdio linear`,
    ]) {
      expect(agentOf(line([peer], ['/opt/claude'])), peer).toBe(peer);
    }
  });

  it('is never what adopts orphans: then it is the highest shell, or the shim', () => {
    expect(agentOf(line(theShim, ['/usr/lib/systemd/systemd --user']))).toBe(theShim[0]);
    expect(agentOf(line(theShim, ['systemd', null]))).toBe(theShim[0]);
    expect(agentOf(line(theShim, ['/bin/sh -c x'], ['/bin/bash'], ['/sbin/init']))).toBe('/bin/bash');
    expect(findAgent([], surroundings)).toBeNull();
  });
});

const script = (words: string, folder: string | null = '/srv') =>
  line([words]).map((facts) => scriptOf({ ...facts, folder }, real))[0];

const plain = (words: string) => line([words]).map((facts) => plainScriptOf(facts, real))[0];

describe('the shim', () => {
  it('may run in the app’s own program, too', () => {
    expect(agentOf(line([`/opt/tokentray/tokentray ${shim} stdio linear`], ['/opt/claude']))).toBe('/opt/claude');
  });

  it('is believed in no program whose file is gone, or may not be seen', () => {
    const [peer, parent] = line(theShim, ['/opt/claude']);
    for (const over of [{ deleted: true }, { executable: null }]) {
      const lineage = [peer, parent].flatMap((facts, at) =>
        facts === undefined ? [] : [at === 0 ? { ...facts, ...over } : facts],
      );
      expect(findAgent(lineage, surroundings)?.agent.pid).toBe(peer?.pid);
    }
  });
});

describe('the script of an interpreter', () => {
  it.each([
    ['/usr/bin/node agent.mjs --flag', '/srv/agent.mjs'],
    ['/usr/bin/node --import ./x.js --no-warnings sub/agent.mjs', '/srv/sub/agent.mjs'],
    ['/usr/bin/python3.12 -u tool.py', '/srv/tool.py'],
    ['/usr/bin/python3 -m mcp_agent serve', '-m mcp_agent'],
    ['/home/ada/.bun/bin/bun run agent.mjs', '/srv/agent.mjs'],
    ['/usr/bin/deno run -A agent.mjs', '/srv/agent.mjs'],
    ['/usr/share/code/code /srv/agent.mjs', '/srv/agent.mjs'],
    ['/usr/bin/node gone.js', '/srv/gone.js'],
    ['/usr/bin/node my agent.js x', '/srv/my agent.js'],
    ['/usr/bin/node', null],
    ['/usr/bin/node -', null],
    ['/opt/cursor/cursor --type=utility', null],
  ])('of %j is %j', (words, found) => {
    expect(script(words)).toBe(found);
  });

  it('is a hash where code stood on the command line, so that no two look alike', () => {
    const one = script('/usr/bin/node -e one()');
    expect(one).toMatch(/^inline code [0-9a-f]{16}$/u);
    expect(script('/usr/bin/node -e two()')).not.toBe(one);
    expect(script('/usr/bin/python3 -c one()')).toBe(one);
  });

  it('stays as it was written where the folder is not known', () => {
    expect(script('/usr/bin/node agent.mjs', null)).toBe('agent.mjs');
  });

  it('is not believed to be the shim behind any option', () => {
    expect(plain(`/usr/bin/node ${shim} stdio`)).toBe(shim);
    expect(plain(`/usr/bin/node --no-warnings ${shim} stdio`)).toBeNull();
    expect(plain('/usr/bin/node')).toBeNull();
  });
});

const processes = (lineage: ProcessFacts[]) => ({ lineage: async () => lineage, now: () => 0 });

describe('who started a command', () => {
  const agent = { pid: 98, startedAt: 998, agentId: 'cursor' };
  const command = ['/usr/bin/node tokentray approve 1'] as const;
  const ask = (lineage: ProcessFacts[], pid: number | null = 100, agents = [agent]) =>
    startedBy(pid, agents, processes(lineage), surroundings);

  it('is an agent, through whatever shells', async () => {
    expect(await ask(line(command, ['/bin/sh -c'], ['/opt/cursor/cursor'], ['/sbin/init']))).toEqual({
      kind: 'agent',
      agent,
    });
  });

  it('is somebody else, in a terminal of their own', async () => {
    const terminal = line(command, ['/bin/bash'], ['/usr/bin/gnome-terminal'], ['/sbin/init']);
    expect(await ask(terminal.map((facts) => ({ ...facts, startedAt: (facts.startedAt ?? 0) + 5_000 })))).toEqual({
      kind: 'somebody-else',
    });
    // Nobody to be started by.
    expect(await ask([], null, [])).toEqual({ kind: 'somebody-else' });
  });

  it('is an orphan where it was cut off from whoever started it', async () => {
    expect(await ask(line(command, ['/usr/lib/systemd/systemd --user']))).toEqual({ kind: 'orphan' });
  });

  it('is unknown where the system cannot be asked', async () => {
    expect(await ask(line(command), null)).toEqual({ kind: 'unknown' });
    expect(await ask([])).toEqual({ kind: 'unknown' });
  });
});
