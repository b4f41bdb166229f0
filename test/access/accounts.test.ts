import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccounts, type Accounts } from '../../main/access/accounts.ts';
import { TokentrayError } from '../../main/errors.ts';
import type { AgentRow, Store } from '../../main/store/types.ts';
import { grantRow, open, serverRow } from '../store/fixture.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const agent = (id: string): AgentRow => ({
  id,
  name: `agent ${id}`,
  kind: 'stdio',
  keyHash: null,
  identity: id,
  trusted: false,
  claimed: { name: null, client: null, clientUri: null },
  checked: null,
  createdAt: 1,
  lastUsedAt: null,
  revokedAt: null,
});

let folder = '';
let store: Store;
let told: number[] = [];

function accounts(platform: NodeJS.Platform = 'linux'): Accounts {
  return createAccounts({
    store,
    clock: createFakeClock(),
    grants: {
      accounts(server) {
        if (store.servers.get(server) === null) throw new TokentrayError('unknown_server', 'no such server');
        return [...new Set(['default', ...store.grants.accounts(server)])];
      },
      defaultAccount: () => 'default',
    },
    onChange: (pins) => told.push(pins.length),
    platform,
  });
}

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'accounts-')));
  ({ store } = open());
  told = [];
  store.servers.add(serverRow());
  for (const account of ['default', 'work', 'client']) store.grants.put(grantRow(account, { account }));
  for (const id of ['a', 'b']) store.agents.add(agent(id));
});
afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (path: string | null, agentId: string | null = 'a') => ({ server: 'linear', agentId, folder: path });
const code = (name: string) => expect.objectContaining({ code: name }) as unknown;
const made = async (...parts: string[]): Promise<string> => {
  const path = join(folder, ...parts);
  await mkdir(path, { recursive: true });
  return path;
};

describe('which account an agent uses', () => {
  it('is the default one as long as nothing is pinned', async () => {
    expect(accounts().accountFor(at(null))).toBe('default');
    expect(accounts().accountFor(at(await made('project')))).toBe('default');
  });

  it('is its own pin before its folder’s, and the folder’s before the default', async () => {
    const project = await made('project');
    const all = accounts();
    all.pin('linear', 'work', { folder: project });
    expect(all.accountFor(at(project))).toBe('work');
    all.pin('linear', 'client', { agentId: 'a' });
    expect(all.accountFor(at(project))).toBe('client');
    expect(all.accountFor(at(project, 'b'))).toBe('work');
    expect(all.accountFor(at(null, 'b'))).toBe('default');
  });

  it('is that of the nearest folder, by whole names of folders', async () => {
    const all = accounts();
    const outer = await made('work');
    const inner = await made('work', 'client');
    all.pin('linear', 'client', { folder: inner });
    all.pin('linear', 'work', { folder: outer });
    expect(all.accountFor(at(await made('work', 'client', 'deep', 'er')))).toBe('client');
    expect(all.accountFor(at(await made('work', 'other')))).toBe('work');
    expect(all.accountFor(at(await made('work', 'client-two')))).toBe('work');
    expect(all.accountFor(at(await made('workshop')))).toBe('default');
    expect(all.accountFor(at(await made('work', '..', 'else')))).toBe('default');
    expect(all.accountFor(at(`${inner}/../../elsewhere`))).toBe('default');
  });

  it('is found through links, wherever they are', async () => {
    const project = await made('project');
    await symlink(project, join(folder, 'link'));
    const all = accounts();
    all.pin('linear', 'work', { folder: join(folder, 'link') });
    expect(all.pins()).toMatchObject([{ folder: project }]);
    expect(all.accountFor(at(project))).toBe('work');
    expect(all.accountFor(at(join(folder, 'link')))).toBe('work');
  });

  it('is told by the whole machine’s folder as well', () => {
    const all = accounts();
    all.pin('linear', 'work', { folder: '/' });
    expect(all.accountFor(at(folder))).toBe('work');
    expect(all.accountFor(at('no/whole/path'))).toBe('default');
  });

  it('tells letters apart where the system does, and not where it does not', async () => {
    const project = await made('Project');
    accounts().pin('linear', 'work', { folder: project });
    const other = project.replace('Project', 'pROJECT');
    expect(accounts('linux').accountFor(at(other))).toBe('default');
    expect(accounts('darwin').accountFor(at(other))).toBe('work');
  });

  it('follows the separators and drives of Windows', () => {
    store.accountPins.put({ server: 'linear', account: 'work', agentId: null, folder: 'C:\\Work' });
    const windows = accounts('win32');
    expect(windows.accountFor(at('c:\\work\\project'))).toBe('work');
    expect(windows.accountFor(at('C:\\Workshop'))).toBe('default');
    expect(windows.accountFor(at('D:\\Work'))).toBe('default');
  });
});

describe('an account that is pinned and not there', () => {
  it('is said to be missing, with what to do; no other one is used instead', () => {
    const all = accounts();
    all.pin('linear', 'work', { agentId: 'a' });
    store.grants.remove('work');
    expect(() => all.accountFor(at(null))).toThrowError(
      expect.objectContaining({
        code: 'account_missing',
        advice: expect.stringContaining('tokentray connect linear --account "work"') as unknown,
        facts: { server: 'linear', account: 'work' },
      }),
    );
    expect(all.accountFor(at(null, 'b'))).toBe('default');
  });

  it('is used again when somebody has signed in to it again', () => {
    const all = accounts();
    all.pin('linear', 'work', { agentId: 'a' });
    store.grants.remove('work');
    store.grants.put(grantRow('again', { account: 'work' }));
    expect(all.accountFor(at(null))).toBe('work');
  });

  it('cannot be pinned', () => {
    expect(() => accounts().pin('linear', 'nobody', { agentId: 'a' })).toThrowError(
      expect.objectContaining({ code: 'account_missing' }),
    );
  });
});

describe('pins', () => {
  it('take the place of one another, are let go of, and everybody is told', async () => {
    const project = await made('project');
    const all = accounts();
    all.pin('linear', 'work', { folder: project });
    expect(all.pin('linear', 'client', { folder: `${project}/` })).toEqual([
      { server: 'linear', account: 'client', agentId: null, folder: project },
    ]);
    await rm(project, { recursive: true });
    expect(all.unpin('linear', { folder: project })).toEqual([]);
    expect(all.unpin('linear', { folder: project })).toEqual([]);
    expect(told).toEqual([1, 1, 0]);
    expect(store.events.list({}).map(({ kind }) => kind)).toEqual([
      'account-unpinned',
      'account-pinned',
      'account-pinned',
    ]);
  });

  it('survive a restart, and go with their server', () => {
    accounts().pin('linear', 'work', { agentId: 'a' });
    expect(accounts().accountFor(at(null))).toBe('work');
    store.servers.remove('linear');
    expect(accounts().pins()).toEqual([]);
  });

  it('are for an agent or a folder that is there', async () => {
    const wrong = (to: object) => () => accounts().pin('linear', 'work', to);
    expect(wrong({})).toThrowError(code('invalid_input'));
    expect(wrong({ agentId: 'a', folder })).toThrowError(code('invalid_input'));
    expect(wrong({ folder: 'relative' })).toThrowError(code('invalid_input'));
    expect(wrong({ folder: join(folder, 'nowhere') })).toThrowError(code('invalid_input'));
    expect(wrong({ agentId: 'nobody' })).toThrowError(code('unknown_agent'));
    store.agents.revoke('b', 5);
    expect(wrong({ agentId: 'b' })).toThrowError(code('unknown_agent'));
    expect(() => accounts().pin('ghost', 'work', { agentId: 'a' })).toThrowError(code('unknown_server'));
    expect(accounts().pins()).toEqual([]);
  });
});
