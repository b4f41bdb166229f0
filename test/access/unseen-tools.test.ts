// A tool that no agent had listed is judged by what its server says of it all the same: the broker reads the list first.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ToolsRead } from '../../main/access/listings.ts';
import { everything, readOnly } from '../../main/access/types.ts';
import { TokentrayError } from '../../main/errors.ts';
import { testAccess, type TestAccess } from '../bridge/access.ts';
import { gate } from '../bridge/fixture.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

type Page = { tools: readonly unknown[]; cursor: string | undefined; next: string | undefined };
const only = (...tools: readonly unknown[]): Page => ({ tools, cursor: undefined, next: undefined });
const tool = (name: string, annotations = {}) => ({ name, inputSchema: { type: 'object' }, annotations });
const wipe = tool('wipe', { destructiveHint: true });
const read = tool('read', { readOnlyHint: true });
const plain = tool('plain');

let made: TestAccess;
let clock: FakeClock;
let setBack = 0;
let agents = 0;
let reads: string[];
let readTools: () => Promise<ToolsRead>;
const listed = (...pages: Page[]) => Promise.resolve({ kind: 'listed', pages } as const);

beforeEach(() => {
  clock = createFakeClock();
  setBack = 0;
  reads = [];
  readTools = () => listed(only(wipe, read, plain));
  made = testAccess({
    mode: 'ask',
    clock: { ...clock, now: () => clock.now() - setBack },
    readTools(server, account) {
      reads.push(`${server} ${account}`);
      return readTools();
    },
  });
});
afterEach(() => {
  made.access.close();
  made.store.close();
});

const guardWith = (rules = everything, lasts: 'once' | 'always' = 'always') => {
  const agent = made.agent(`agent ${(agents += 1)}`);
  made.allow(agent, rules, lasts);
  return made.guard(made.caller(agent));
};
const call = (guard: ReturnType<typeof guardWith>, name: string, signal = new AbortController().signal) =>
  guard.admit({ method: 'tools/call', params: { name, arguments: { all: true } }, bytes: 1 }, { signal });
const asked = () => made.access.prompts.list().map((one) => [one.kind, one.tool]);

describe('a call of a tool that nobody has listed', () => {
  it('is asked about where the server marks the tool destructive', async () => {
    const guard = guardWith();
    const calling = call(guard, 'wipe');
    const id = await made.prompt();
    expect(made.access.prompts.list()).toMatchObject([{ kind: 'call', tool: 'wipe', marked: 'destructive' }]);
    made.access.prompts.answer(id, false, 'window');
    await expect(calling).rejects.toMatchObject({ code: 'call_declined' });
    expect(reads).toEqual(['everything default']);
  });

  it('goes on unasked where the server does not, and the list is read once for all of them', async () => {
    const guard = guardWith();
    await Promise.all([call(guard, 'read'), call(guard, 'plain'), call(guardWith(), 'read')]);
    await call(guard, 'plain');
    expect(asked()).toEqual([]);
    expect(reads).toHaveLength(1);
  });

  it('is let through where only what reads may be called, if that is how the server marks it', async () => {
    const guard = guardWith(readOnly);
    await call(guard, 'read');
    await expect(call(guard, 'plain')).rejects.toMatchObject({ code: 'tool_refused' });
  });

  it('is judged by all pages of the list, and what was read is what the person agreed to', async () => {
    readTools = () =>
      listed({ tools: [read], cursor: undefined, next: 'two' }, { tools: [wipe], cursor: 'two', next: undefined });
    const guard = guardWith();
    await call(guard, 'read');
    const calling = call(guard, 'wipe');
    made.access.prompts.answer(await made.prompt(), true, 'window');
    await calling;
    // What the server adds from now on is new.
    const listing = await guard.admit({ method: 'tools/list', params: {}, bytes: 1 }, { signal: AbortSignal.abort() });
    expect(listing.result({ tools: [read, wipe, plain] })).toEqual({ tools: [read, wipe] });
    await expect(call(guard, 'plain')).rejects.toMatchObject({ code: 'tool_held' });
  });

  it('is asked about where the server gives no list, for then it may be marked as anything', async () => {
    readTools = () => Promise.resolve({ kind: 'unreadable' });
    const guard = guardWith();
    const calling = call(guard, 'read');
    const id = await made.prompt();
    expect(made.access.prompts.list()).toMatchObject([{ kind: 'call', tool: 'read', marked: 'unknown' }]);
    made.access.prompts.answer(id, true, 'window');
    await calling;
  });

  it('fails as it would have failed where the server cannot be reached, and is told to the audit', async () => {
    readTools = () => Promise.reject(new TokentrayError('needs_sign_in', 'nobody is signed in'));
    await expect(call(guardWith(), 'wipe')).rejects.toMatchObject({ code: 'needs_sign_in' });
    expect(asked()).toEqual([]);
    expect(made.calls).toMatchObject([{ tool: 'wipe', outcome: 'failed' }]);
  });

  it('is not judged where no rule goes by what a tool is marked as', async () => {
    await call(guardWith({ ...everything, ask: 'never', deny: ['x'] }), 'wipe');
    expect(reads).toEqual([]);
  });

  it('of a server that does not list it is not asked about, and costs one look a minute', async () => {
    readTools = () => listed(only());
    const guard = guardWith();
    for (let times = 0; times < 3; times += 1) await call(guard, 'unlisted');
    expect(reads).toHaveLength(1);
    await clock.advance(60_000);
    await call(guard, 'unlisted');
    expect(reads).toHaveLength(2);
    // What was read in the future was not read just now.
    setBack = 1_000_000;
    await call(guard, 'unlisted');
    expect(reads).toHaveLength(3);
  });
});

describe('while the list is being read', () => {
  it('whoever gives up is let go, and whoever is shut out hears so', async () => {
    const late = gate<ToolsRead>();
    readTools = () => late.opened;
    const gone = new AbortController();
    const agent = made.agent();
    const approval = made.allow(agent, everything);
    const guard = made.guard(made.caller(agent));
    const first = call(guard, 'wipe', gone.signal);
    const second = call(guard, 'wipe');
    gone.abort();
    await expect(first).rejects.toMatchObject({ code: 'unreachable' });
    made.revoke(approval);
    await expect(second).rejects.toMatchObject({ code: 'approval_denied' });
    expect(asked()).toEqual([]);
    expect(reads).toHaveLength(1);
  });

  it('a call waits no longer than it can, and the person can answer for the next try', async () => {
    readTools = () => gate<ToolsRead>().opened;
    const guard = guardWith();
    const calling = call(guard, 'wipe');
    const told = expect(calling).rejects.toMatchObject({ code: 'approval_needed' });
    await clock.advance(made.wait);
    await told;
    expect(asked()).toEqual([['call', 'wipe']]);
    made.access.prompts.answer(await made.prompt(), true, 'window');
    const again = call(guard, 'wipe');
    await clock.advance(made.wait);
    await again;
  });

  it('an approval for one request is still there for it, and used up by it', async () => {
    const late = gate<ToolsRead>();
    readTools = () => late.opened;
    const guard = guardWith(everything, 'once');
    const calls = [call(guard, 'plain'), call(guard, 'read')];
    late.open({ kind: 'listed', pages: [only(read, plain)] });
    await Promise.race(calls);
    expect(asked()).toEqual([['use', 'read']]);
    const [use] = made.access.prompts.list();
    expect(use).toMatchObject({ kind: 'use', waiting: 1 });
  });

  it('a server that is forgotten takes its list with it', async () => {
    const late = gate<ToolsRead>();
    readTools = () => late.opened;
    const guard = guardWith();
    const calling = call(guard, 'plain');
    made.access.serverForgotten('everything');
    late.open({ kind: 'listed', pages: [only(plain)] });
    await expect(calling).rejects.toMatchObject({ code: 'approval_denied' });
    readTools = () => listed(only());
    await call(guardWith(), 'plain');
    expect(reads).toHaveLength(2);
  });
});
