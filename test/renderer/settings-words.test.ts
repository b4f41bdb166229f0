// Settings: a port that cannot be one is refused in words, a command holds a name as one word, and the receipt of Clear everything is honest.
import { describe, expect, test } from 'vitest';
import { browserWords } from '../../renderer/settings/browser-words.ts';
import { askedWords } from '../../renderer/settings/clear-words.ts';
import { clearedWords, fateWords, type Cleared } from '../../renderer/settings/cleared-words.ts';
import { readPort } from '../../renderer/settings/port.ts';
import { isAgentName, shellWord } from '../../renderer/settings/shell-word.ts';
import { vaultWords } from '../../renderer/settings/vault-words.ts';

describe('a port', () => {
  test('nothing typed, or the usual one, is no choice of its own', () => {
    expect(readPort('  ', 7_777)).toEqual({ kind: 'port', port: null });
    expect(readPort('7777', 7_777)).toEqual({ kind: 'port', port: null });
    expect(readPort(' 8080 ', 7_777)).toEqual({ kind: 'port', port: 8_080 });
  });

  test.each(['80', '1023', '65536', '99999999999999999999', '-1', '1e4', '8080.5', '0x1f90', 'http'])(
    '%s is refused with a reason',
    (typed) => expect(readPort(typed, 7_777)).toMatchObject({ kind: 'wrong', because: expect.any(String) }),
  );

  test('the ends of the range are allowed', () => {
    expect(readPort('1024', 7_777)).toEqual({ kind: 'port', port: 1_024 });
    expect(readPort('65535', 7_777)).toEqual({ kind: 'port', port: 65_535 });
  });
});

describe('a name in a command', () => {
  test('a name is one word', () => {
    expect(shellWord('cursor')).toBe('cursor');
    expect(shellWord('claude code')).toBe('"claude code"');
    expect(shellWord('Ada’s')).toBeNull();
  });

  test.each(['$(reboot)', '`id`', 'a"b', 'a;b', 'a\nb', '-rf', '', ' x', 'a%PATH%', 'a!b', 'x\u202ey', 'a'.repeat(65)])(
    '%j never gets into one',
    (name) => {
      expect(isAgentName(name)).toBe(false);
      expect(shellWord(name)).toBeNull();
    },
  );
});

describe('a browser', () => {
  test.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      'Chrome 140 on Linux',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      'Edge 140 on Windows',
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0', 'Firefox 143 on macOS'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
      'Safari 26 on macOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari 18 on iOS',
    ],
    ['curl/8.5.0', 'curl/8.5.0'],
    [' ', 'A browser that gives no name'],
  ])('%s', (userAgent, words) => expect(browserWords(userAgent)).toBe(words));
});

test('a vault that forgets says so and what to do about it', () => {
  const memory = vaultWords({ kind: 'memory', persistent: false });
  expect(memory.meaning).toContain('sign in again');
  expect(memory.advice?.command).toContain('passphrase-file');
  for (const kind of ['keychain', 'passphrase-file'] as const) {
    expect(vaultWords({ kind, persistent: true })).toMatchObject({
      advice: null,
      meaning: expect.stringContaining('survive'),
    });
  }
});

describe('what Clear everything will ask of providers', () => {
  type Server = Parameters<typeof askedWords>[0] extends Iterable<infer One> ? One : never;
  const connected: Server = {
    server: 'notes',
    state: { kind: 'connected', accessTokenExpiresAt: null, refreshesAt: null, refreshable: true },
  };
  const without: readonly Server[] = [
    { server: 'open', state: { kind: 'open' } },
    { server: 'new', state: { kind: 'needs-sign-in', because: 'never-signed-in', since: null } },
    { server: 'revoked', state: { kind: 'needs-sign-in', because: 'revoked-here', since: null } },
  ];

  test('nothing where no grant is held, however many servers there are', () => {
    expect(askedWords([])).toContain('no provider is asked');
    expect(askedWords(without)).toContain('no provider is asked');
  });

  test('only the servers that hold a grant are counted', () => {
    expect(askedWords([...without, connected])).toContain('the one grant');
    expect(askedWords([...without, connected, { ...connected, server: 'mail' }])).toContain(
      'of the 2 grants that are held are asked',
    );
  });

  test('two accounts of one server are two grants at one server', () => {
    expect(askedWords([...without, connected, connected])).toContain(
      'the 2 grants that are held at 1 server are asked',
    );
  });
});

describe('the receipt of Clear everything', () => {
  type Fate = Cleared['servers'][number];
  const cleared = (...servers: Fate[]): Cleared => ({ servers, vaultItems: 0, agents: 0, documents: 0, events: 0 });
  const fate = (more: Partial<Fate>): Fate => ({
    server: 'notes',
    account: 'default',
    receipt: null,
    forgotten: true,
    error: null,
    ...more,
  });
  const unconfirmed: Fate['receipt'] = {
    server: 'notes',
    issuer: null,
    tokens: [{ token: 'refresh_token', outcome: { kind: 'no-endpoint' } }],
    confirmed: false,
    forgottenHere: true,
  };

  test('all gone and confirmed', () => {
    expect(clearedWords(cleared(fate({})))).toMatchObject({ tone: 'fine', advice: null });
    expect(clearedWords(cleared())).toMatchObject({ tone: 'fine' });
  });

  test('a provider that did not confirm is counted, and the person is told what to do', () => {
    const words = clearedWords(cleared(fate({}), fate({ receipt: unconfirmed })));
    expect(words.tone).toBe('warn');
    expect(words.headline).toContain('one provider did not confirm');
    expect(words.advice).toContain('account');
  });

  test('a server that is still here comes before everything else', () => {
    const stays = fate({ forgotten: false, error: 'the vault is locked' });
    expect(clearedWords(cleared(stays, fate({ receipt: unconfirmed }))).headline).toBe(
      '1 server could not be cleared and is still here',
    );
    expect(fateWords(stays)).toEqual({ tone: 'warn', words: 'still here: the vault is locked' });
  });

  test('two accounts of a server that is still here are one server', () => {
    const stays = fate({ forgotten: false, error: 'the vault is locked' });
    const other = { ...stays, account: 'work' };
    expect(clearedWords(cleared(stays, other)).headline).toBe(
      '1 server with 2 accounts could not be cleared and is still here',
    );
    expect(clearedWords(cleared(stays, other, { ...stays, server: 'mail' })).headline).toBe(
      '2 servers with 3 accounts could not be cleared and are still here',
    );
  });

  test('two accounts at a provider that did not confirm are one provider', () => {
    const issuer = 'https://as.example';
    const one = fate({ receipt: { ...unconfirmed, issuer } });
    expect(clearedWords(cleared(one, { ...one, account: 'work' })).headline).toBe(
      'Everything is gone from here, but one provider did not confirm it for 2 accounts',
    );
    expect(clearedWords(cleared(one, fate({ server: 'mail', receipt: unconfirmed }))).headline).toBe(
      'Everything is gone from here, but 2 providers did not confirm it',
    );
  });
});
