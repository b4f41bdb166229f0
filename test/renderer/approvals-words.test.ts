// A question says who asks, for what and for how long, whatever the agent calls itself; and what was decided is said as it was.
import { describe, expect, it } from 'vitest';
import { agentsSummary, waitOptions } from '../../renderer/settings/access-words.ts';
import {
  approvalsSummary,
  approvalWords,
  askingAbout,
  askingWords,
  isDoubtful,
  lastsWords,
  listedAgents,
  revokeSteps,
} from '../../renderer/agents/agent-words.ts';
import { endAt, endChoices } from '../../renderer/agents/ends.ts';
import {
  allowed,
  allowLabel,
  denied,
  durations,
  durationWords,
  usualDuration,
} from '../../renderer/approvals/decision.ts';
import {
  accountText,
  codeOf,
  floodWords,
  goneWords,
  questionText,
  waitingDetail,
  waitingWords,
} from '../../renderer/approvals/prompt-words.ts';
import { checkedLines, claimedLines, nameFits, trustOf } from '../../renderer/words/evidence.ts';
import { spelledLines } from '../../renderer/words/names.ts';
import { answerPlace, halves } from '../../preload/answer-place.ts';
import { agent, approval, callPrompt, checked, usePrompt } from './access.ts';

const hour = 60 * 60_000;

describe('an answer', () => {
  it('is for the session unless the person says otherwise', () => {
    expect(usualDuration).toBe('session');
    expect(durations.map(({ value }) => value)).toEqual(['once', 'session', 'hours', 'always']);
  });
  it('has an end only where one was chosen', () => {
    expect(allowed('hours', false, 5)).toMatchObject({ lasts: 'until', until: 5 + 8 * hour });
    for (const duration of ['once', 'session', 'always'] as const) {
      expect(allowed(duration, false, 5)).toMatchObject({ decision: 'allow', lasts: duration });
      expect(allowed(duration, false, 5)).not.toHaveProperty('until');
    }
  });
  it('asks before destructive calls, and lets nothing but reading through where only reading was allowed', () => {
    expect(allowed('always', false, 0).rules).toEqual({ tools: 'everything', allow: [], deny: [], ask: 'destructive' });
    expect(allowed('always', true, 0).rules?.tools).toBe('read-only');
  });
  it('is on its button in full', () => {
    expect(allowLabel('session', false)).toBe('Allow for this session');
    expect(allowLabel('hours', true)).toBe('Allow for 8 hours, read-only');
    expect(allowLabel('always', false)).toBe('Always allow');
    expect(allowLabel('once', true)).toBe('Allow once, read-only');
  });
  it('says when it ends', () => {
    expect(durationWords('session', 'stdio', 0)).toContain('connection');
    expect(durationWords('session', 'http', 0)).toContain('30 minutes');
    expect(durationWords('always', 'http', 0)).toBe('Until you revoke it.');
  });
  it('that denies is for once, or for good', () => {
    expect(denied(false)).toEqual({ decision: 'deny', lasts: 'once' });
    expect(denied(true)).toEqual({ decision: 'deny', lasts: 'always' });
  });
});

describe('who an agent is', () => {
  it('is proved by a key, whatever it calls itself', () => {
    const named = { name: 'Claude', client: { name: 'x', version: null }, clientUri: null };
    expect(trustOf(agent({ kind: 'key', claimed: named, checked: null })).tone).toBe('fine');
  });
  it('is in doubt where nothing could be checked', () => {
    expect(trustOf(agent({ checked: null }))).toMatchObject({ tone: 'warn' });
    expect(isDoubtful(agent({ checked: null }))).toBe(true);
  });
  it('is in doubt where the system named no process', () => {
    expect(trustOf(agent({ checked: { ...checked('/opt/Cursor/cursor'), by: 'its-word' } })).tone).toBe('warn');
  });
  it('is in doubt where the program is another one than the name says, and both are named', () => {
    const { tone, words } = trustOf(agent({ checked: checked('/usr/bin/python3', '/tmp/fetch.py') }));
    expect(tone).toBe('warn');
    expect(words).toContain('“cursor”');
    expect(words).toContain('python3, running fetch.py');
  });
  it('is in doubt by the name in its messages too, where its configuration gives none', () => {
    const claimed = { name: null, client: { name: 'claude-code', version: '2' }, clientUri: null };
    expect(trustOf(agent({ claimed, checked: checked('/usr/bin/curl') })).tone).toBe('warn');
    expect(trustOf(agent({ claimed, checked: checked('/opt/claude-code/cli') })).tone).toBe('fine');
  });
  it('is a matter of danger where the signature is broken, even if the name fits', () => {
    const broken = { ...checked('/opt/Cursor/cursor'), signature: { verdict: 'invalid', signer: null } as const };
    expect(trustOf(agent({ checked: broken })).tone).toBe('danger');
  });
  it('is only its word while it signs in through the browser', () => {
    const oauth = agent({ kind: 'oauth', checked: null });
    expect(trustOf(oauth, true).tone).toBe('warn');
    expect(trustOf(oauth, true).words).toBe(
      'It calls itself “cursor”, which is its own word. Go on only if you started this sign-in.',
    );
    expect(trustOf(oauth).tone).toBe('idle');
    const named = agent({
      kind: 'oauth',
      checked: null,
      claimed: { name: 'x', client: null, clientUri: 'https://vscode.dev/c' },
    });
    expect(trustOf(named).words).toContain('vscode.dev');
  });
  it.each([
    ['Claude Code', '/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js', true],
    ['Visual Studio Code', '/usr/share/code/code', true],
    ['cursor', '/Applications/Cursor.app/Contents/MacOS/Cursor', true],
    ['Cursor', 'C:\\Users\\a\\AppData\\Local\\Programs\\cursor\\Cursor.exe', true],
    ['node', '/usr/bin/node', true],
    ['my node agent', '/usr/bin/node', false],
    ['users', '/Users/mallory/x', false],
    ['c', '/opt/c', false],
    ['cursor', '/tmp/x', false],
    ['\u202E', '/tmp/x', false],
  ])('a program of the name %j may lie at %j: %j', (name, executable, fits) => {
    expect(nameFits(name, { executable, script: null })).toBe(fits);
  });
  it('was started by the programs that the system names, not by what they call themselves', () => {
    const parents = [
      { pid: 2, name: 'Claude Desktop', executable: '/tmp/fetch' },
      { pid: 3, name: 'zsh', executable: null },
    ];
    const lines = checkedLines({ ...checked('/tmp/x'), parents });
    expect(lines.find(({ name }) => name === 'Started by')?.value).toBe('fetch, in zsh');
  });
  it('is not vouched for by whoever started it', () => {
    const lent = { ...checked('/tmp/x'), parents: [{ pid: 2, name: 'cursor', executable: '/opt/Cursor/cursor' }] };
    expect(trustOf(agent({ checked: lent })).tone).toBe('warn');
  });
  it('is laid out: what it claims, and what was checked', () => {
    const lines = checkedLines({
      ...checked('/usr/bin/node', '/a/cli.js'),
      parents: [
        { pid: 2, name: 'zsh', executable: null },
        { pid: 3, name: 'tmux', executable: null },
      ],
      folder: '/work',
      signature: { verdict: 'valid', signer: 'ACME' },
    });
    expect(lines.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Program: /usr/bin/node',
      'Script: /a/cli.js',
      'Started by: zsh, in tmux',
      'Folder: /work',
      'Signature: valid, by ACME',
      'Process: 1',
    ]);
    expect(claimedLines({ name: 'n', client: { name: 'c', version: '2' }, clientUri: null })).toHaveLength(2);
    expect(checkedLines(null)).toEqual([]);
  });
});

describe('a question', () => {
  it('names the agent, the server and the tool, with nothing invisible', () => {
    const evil = agent({ name: `a\u202Eb\n${'x'.repeat(10_000)}` });
    const text = questionText(callPrompt({ agent: evil, tool: 'del\u200Bete' }));
    expect(text).toMatch(/^a·b·x+… wants to call del·ete on notes$/u);
    expect(text.length).toBeLessThan(200);
  });
  it('says that an agent signs in where it does', () => {
    expect(questionText(usePrompt())).toBe('cursor wants to use notes');
    expect(questionText(usePrompt({ redirectUri: 'http://127.0.0.1:1/' }))).toBe(
      'cursor wants to sign in and use notes',
    );
  });
  it.each([
    ['http://127.0.0.1:33418/cb', 'a program on this machine, port 33418'],
    ['http://[::1]:33418/cb', 'a program on this machine, port 33418'],
    ['http://localhost/cb', 'a program on this machine, port 80'],
    ['https://127.0.0.1.evil.example/cb', 'the website 127.0.0.1.evil.example'],
    ['https://vscode.dev:8443/redirect?to=vscode', 'the website vscode.dev:8443'],
    ['https://xn--crsor-0ra.example/cb', 'the website xn--crsor-0ra.example'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'the program that opens cursor: links'],
    ['no address at all', 'no address at all'],
  ])('about a sign-in says where its answer goes: %s', (redirectUri, words) => {
    expect(answerPlace(redirectUri)).toBe(words);
  });
  it('about a sign-in never cuts the host: its end says whose it is', () => {
    const host = `cursor.com.${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.evil.example`;
    expect(answerPlace(`https://${host}/cb`)).toBe(`the website ${host}`);
  });
  it('about a sign-in has the code that its page shows, in two halves; no other has one', () => {
    expect(codeOf(usePrompt({ id: 'k7m2x9q4wd', redirectUri: 'http://127.0.0.1:1/' }))).toBe('k7m2x9q4wd');
    expect(halves('k7m2x9q4wd')).toEqual(['k7m2x', '9q4wd']);
    expect(codeOf(usePrompt())).toBeNull();
    expect(codeOf(callPrompt())).toBeNull();
  });
  it('names the account by what tells', () => {
    expect(accountText({ account: 'default', identity: null })).toBeNull();
    expect(accountText({ account: 'default', identity: 'a@b' })).toBe('a@b');
    expect(accountText({ account: 'work', identity: 'a@b' })).toBe('work, a@b');
    expect(accountText({ account: 'a@b', identity: 'a@b' })).toBe('a@b');
  });
  it('names the account wherever there are several, the first one too', () => {
    expect(accountText({ account: 'default', identity: null }, true)).toBe('default');
    expect(accountText({ account: 'default', identity: 'a@b' }, true)).toBe('default, a@b');
    expect(accountText({ account: 'work', identity: null }, true)).toBe('work');
  });
  it('says who waits and for how long it is open', () => {
    const one = { waiting: 2, expiresAt: 120_000 };
    expect(waitingWords(one, 0, 0)).toEqual({ who: '2 waiting', left: '2 min left', more: null });
    expect(waitingWords({ waiting: 0, expiresAt: 500 }, 4, 0)).toEqual({
      who: 'nothing waits now',
      left: 'about to close',
      more: '4 more',
    });
    expect(waitingDetail({ waiting: 0, expiresAt: 0 }, 0)).toContain('counts when the agent asks again');
    expect(waitingDetail(one, 1)).toContain('One more question stands behind it.');
  });
  it('that is gone says what became of it', () => {
    const prompt = usePrompt();
    expect(goneWords(prompt, [approval()], 5_000).title).toBe('It was allowed elsewhere');
    expect(goneWords(prompt, [approval({ decision: 'deny' })], 5_000).title).toBe('It was denied elsewhere');
    expect(goneWords(prompt, [approval({ decidedAt: 500 })], 5_000).title).toBe('The question is no longer open');
    expect(goneWords(prompt, [approval({ server: 'other' })], 901_000).title).toBe('The question has closed');
  });
  it('about arguments spells out what cannot be seen, and keeps the lines', () => {
    expect(spelledLines('{\n  "a": "x\u202Ey\u200B"\r}')).toBe('{\n  "a": "x\\u202ey\\u200b"\\u000d}');
    expect(spelledLines('é 漢字 🙂')).toBe('é 漢字 🙂');
  });
  it('that floods is counted', () => {
    const words = floodWords({ agent: 'cursor', since: 0, refused: 9 }, 125_000);
    expect(words).toBe(
      'cursor asks more often than anybody could answer: 9 questions were refused unseen in the last 2 min.',
    );
  });
  it('that floods under many names is told of as the one program that it is', () => {
    const flood = { agent: 'fl1', since: 0, refused: 9, program: '/opt/flood.mjs', agents: ['fl0', 'fl1'] };
    expect(floodWords(flood, 125_000)).toMatch(/^\/opt\/flood.mjs under 2 names, fl1 among them, asks/u);
  });
});

describe('what was decided', () => {
  it('is said with how much and until when', () => {
    expect(approvalWords(approval(), 0)).toBe('everything · for this session');
    expect(approvalWords(approval({ lasts: 'until', until: 3 * hour }), 0)).toBe('everything · for another 3 h');
    expect(approvalWords(approval({ decision: 'deny', lasts: 'always' }), 0)).toBe(
      'it is refused, and you are not asked',
    );
    expect(lastsWords({ lasts: 'session', until: 2 * hour }, 0)).toBe('for this session, at most another 2 h');
  });
  it('sums up what one agent may use', () => {
    const many = ['a', 'b', 'c', 'd'].map((server) => approval({ id: server, server }));
    expect(approvalsSummary(many, agent())).toBe('may use a, b +2');
    expect(approvalsSummary([approval({ agentId: 'other' })], agent())).toBe('nothing allowed so far');
    expect(approvalsSummary([approval({ decision: 'deny' })], agent())).toBe('denied notes');
  });
  it('is not what counts where nobody is asked, and the summary says so', () => {
    expect(approvalsSummary([], agent(), 'off')).toBe('may use every server: nobody is asked');
    expect(approvalsSummary([approval()], agent({ trusted: true }), 'off')).toBe(
      'may use every server: nobody is asked',
    );
    const trusted = agent({ kind: 'key', trusted: true });
    expect(approvalsSummary([], trusted)).toBe('trusted: not asked about');
    expect(approvalsSummary([approval({ decidedBy: 'trusted' })], trusted)).toBe('trusted: not asked about');
    expect(approvalsSummary([approval({ decision: 'deny' })], trusted)).toBe(
      'trusted: not asked about, but denied notes',
    );
  });
  it('is introduced by how it is with asking', () => {
    expect(askingWords(askingAbout(agent(), 'ask'), 0)).toContain('Nothing so far');
    expect(askingWords(askingAbout(agent(), 'ask'), 1)).toBeNull();
    for (const count of [0, 1]) {
      expect(askingWords(askingAbout(agent({ trusted: true }), 'off'), count)).toContain('nobody is asked');
      expect(askingWords(askingAbout(agent({ trusted: true }), 'ask'), count)).toContain('you trust it');
    }
  });
  it('can be given an end, and keeps one that it must have', () => {
    expect(endChoices({ lasts: 'always', until: 5 }).map(({ value }) => value)).toContain('never');
    expect(endChoices({ lasts: 'until', until: 5 }).map(({ value }) => value)).not.toContain('never');
    expect(endAt('keep', 7)).toEqual({});
    expect(endAt('never', 7)).toEqual({ until: null });
    expect(endAt('hour', 7)).toEqual({ until: 7 + hour });
  });
  it('about an agent that is revoked is said before it ends', () => {
    expect(revokeSteps({ kind: 'key' }, 2).join(' ')).toMatch(/key is refused.*2 approvals end/u);
    expect(revokeSteps({ kind: 'stdio' }, 0).join(' ')).toMatch(/connections end.*no approval/u);
  });
});

describe('agents', () => {
  it('are listed with the latest used first and the revoked last, and found by what was checked', () => {
    const all = [
      agent({ id: 'gone', revokedAt: 1, lastUsedAt: 99 }),
      agent({ id: 'old', lastUsedAt: 1 }),
      agent({ id: 'new', lastUsedAt: 5, checked: checked('/usr/bin/python3') }),
    ];
    expect(listedAgents(all, '').map(({ id }) => id)).toEqual(['new', 'old', 'gone']);
    expect(listedAgents(all, 'PYTHON').map(({ id }) => id)).toEqual(['new']);
  });
  it('are summed up in a line', () => {
    expect(agentsSummary([agent(), agent({ unused: true }), agent({ revokedAt: 1 })])).toBe(
      '2 agents may ask, 1 has not been used for 30 days. 1 is revoked.',
    );
    expect(agentsSummary([])).toContain('None so far');
  });
  it('wait for as long as is set, even if nobody offers that', () => {
    expect(waitOptions(7_000).map(({ value }) => Number(value))).toContain(7_000);
    expect(waitOptions(50_000)).toHaveLength(6);
  });
});
