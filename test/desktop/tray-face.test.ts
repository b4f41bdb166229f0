// The tray shows one of three states, and its menu says how every server is and what can be done.
import { describe, expect, it } from 'vitest';
import { nothingYet, withChange } from '../../main/desktop/summary.ts';
import type { State, Summary } from '../../main/desktop/summary.ts';
import { trayFace } from '../../main/desktop/tray-face.ts';
import type { MenuActions, MenuEntry } from '../../main/desktop/tray-face.ts';

const connected: State = { kind: 'connected', accessTokenExpiresAt: null, refreshesAt: null, refreshable: true };
const ended: State = { kind: 'needs-sign-in', because: 'ended-by-provider', since: 1 };

const of = (servers: Readonly<Record<string, State>>, paused = false, locked = false): Summary => ({
  servers: new Map(Object.entries(servers)),
  paused,
  locked,
  questions: [],
});

function face(summary: Summary, platform: NodeJS.Platform = 'linux') {
  const done: string[] = [];
  const actions: MenuActions = {
    signIn: (server, account) => done.push(`sign in to ${server}${account === undefined ? '' : ` as ${account}`}`),
    answer: (id) => done.push(`answer ${id}`),
    open: (server) => done.push(`open ${server ?? 'the window'}`),
    pause: () => done.push('pause'),
    resume: () => done.push('resume'),
    lock: () => done.push('lock'),
    panic: () => done.push('panic'),
    quit: () => done.push('quit'),
  };
  return { ...trayFace(summary, actions, platform), done };
}

const labels = (menu: readonly MenuEntry[]): string[] => menu.map((entry) => ('label' in entry ? entry.label : '-'));

function press(menu: readonly MenuEntry[], label: string): void {
  const entry = menu.find((entry) => 'label' in entry && entry.label === label);
  if (entry === undefined || !('label' in entry)) throw new Error(`no item ${label}`);
  entry.click?.();
}

describe('the tray', () => {
  it('is fine, needs the person, or is paused, and says so in words', () => {
    expect(face(of({}))).toMatchObject({ icon: 'tray-fine.png', tooltip: 'Tokentray: No servers yet' });
    expect(face(of({ a: connected }))).toMatchObject({
      icon: 'tray-fine.png',
      tooltip: 'Tokentray: 1 server, nothing needs you',
    });
    expect(face(of({ a: connected, b: ended }))).toMatchObject({
      icon: 'tray-needs-you.png',
      tooltip: 'Tokentray: 1 server needs you',
    });
    expect(face(of({ a: connected, b: ended }, true))).toMatchObject({
      icon: 'tray-paused.png',
      tooltip: 'Tokentray: Paused: no agent reaches a server',
    });
  });

  it('needs the person for what an agent asks, and leads to that question', () => {
    const questions = [{ id: 'k7m2x9q4wd', words: 'claude asks to use linear' }];
    const { icon, tooltip, menu, done } = face({ ...of({ a: connected }), questions });
    expect({ icon, tooltip }).toEqual({ icon: 'tray-needs-you.png', tooltip: 'Tokentray: 1 question waits for you' });
    press(menu, 'claude asks to use linear…');
    expect(done).toEqual(['answer k7m2x9q4wd']);
  });

  it('needs nobody for a grant that the person revoked', () => {
    expect(face(of({ a: { kind: 'needs-sign-in', because: 'revoked-here', since: 1 } })).icon).toBe('tray-fine.png');
  });

  it('needs the person for what a call was refused for, and names it', () => {
    const { icon, menu, done } = face(of({ a: { ...connected, stepUp: { scopes: ['write'], since: 1 } } }));
    expect(icon).toBe('tray-needs-you.png');
    expect(labels(menu)).toEqual(
      expect.arrayContaining(['1 server needs you', 'a: connected, but a call wants more: write']),
    );
    press(menu, 'Allow more for a…');
    expect(done).toEqual(['sign in to a']);
  });

  it('is locked in words, and leads to where the person unlocks', () => {
    const { icon, tooltip, menu, done } = face(of({ a: connected, b: ended }, true, true));
    expect({ icon, tooltip }).toEqual({
      icon: 'tray-paused.png',
      tooltip: 'Tokentray: Locked: no agent reaches a server',
    });
    expect(labels(menu)).not.toContain('Lock');
    press(menu, 'Unlock…');
    press(menu, 'Panic…');
    const open = face(of({}));
    press(open.menu, 'Lock');
    expect([...done, ...open.done]).toEqual(['open the window', 'panic', 'lock']);
  });

  it('has the format that each system wants', () => {
    expect(face(of({}), 'darwin').icon).toBe('tray-fineTemplate.png');
    expect(face(of({}), 'win32').icon).toBe('tray-fine.ico');
  });

  it('lists every server with its state, those that need the person first', () => {
    const { menu } = face(of({ alpha: connected, zeta: ended }));
    expect(labels(menu)).toEqual([
      '1 server needs you',
      '-',
      'Sign in to zeta…',
      '-',
      'zeta: needs sign-in: the authorization server ended the grant',
      'alpha: connected',
      '-',
      'Open Tokentray',
      'Pause',
      '-',
      'Lock',
      'Panic…',
      '-',
      'Quit Tokentray',
    ]);
  });

  it('does what its items say', () => {
    const { menu, done } = face(of({ alpha: connected, zeta: ended }));
    for (const label of ['Sign in to zeta…', 'alpha: connected', 'Open Tokentray', 'Pause', 'Quit Tokentray']) {
      press(menu, label);
    }
    const paused = face(of({}, true));
    press(paused.menu, 'Resume');
    expect([...done, ...paused.done]).toEqual([
      'sign in to zeta',
      'open alpha',
      'open the window',
      'pause',
      'quit',
      'resume',
    ]);
  });

  it('has a line for each account, and signs in to the one that needs it', () => {
    const { menu, tooltip, done } = face(of({ github: connected, 'github · work': ended }));
    expect(tooltip).toBe('Tokentray: 1 server needs you');
    press(menu, 'Sign in to github · work…');
    menu.flatMap((entry) => ('id' in entry && entry.id === 'server:github · work' ? [entry] : []))[0]?.click?.();
    expect(done).toEqual(['sign in to github as work', 'open github']);
  });

  it('stays a menu with 300 servers, and keeps what needs the person in sight', () => {
    const servers = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`s${at}`, at > 297 ? ended : connected]),
    );
    const { menu } = face(of(servers));
    const said = labels(menu);
    expect(said.length).toBeLessThan(30);
    expect(said).toContain('285 more…');
    expect(said.filter((label) => label.startsWith('Sign in to'))).toEqual(['Sign in to s298…', 'Sign in to s299…']);
  });

  it('shows text from outside as one short line without menu marks', () => {
    const { menu } = face(of({ a: { kind: 'retrying', at: 0, because: `a & b ${'long '.repeat(100)}` } }));
    const line = labels(menu).find((label) => label.startsWith('a:')) ?? '';
    expect(line).toContain('a && b');
    expect(line.length).toBeLessThan(100);
  });
});

describe('what the tray knows', () => {
  it('follows the changes that concern it, and is left alone by the others', () => {
    let now = withChange(nothingYet, { kind: 'paused', pausedSince: 5 });
    expect(now.paused).toBe(true);
    now = withChange(now, { kind: 'paused', pausedSince: null });
    expect(now.paused).toBe(false);
    const locked = { kind: 'locked', since: 5, because: 'screen', unlocksBy: 'click' } as const;
    expect(withChange(now, { kind: 'lock', lock: locked }).locked).toBe(true);
    expect(withChange(now, { kind: 'agents', agents: [] })).toBe(now);
    // A state of a server that was forgotten meanwhile must not bring it back.
    expect(withChange(now, { kind: 'state', server: 'gone', account: 'default', state: connected })).toBe(now);
  });
});
