// A log line never holds a credential, never breaks into two, and the file never grows without end.
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { openLogFile } from '../../main/log/file.ts';
import { createLog } from '../../main/log/log.ts';
import type { LogLevel } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';

const clock = { now: () => Date.UTC(2026, 0, 31, 12) };

function recording(level: LogLevel = 'debug') {
  const lines: string[] = [];
  return { lines, log: createLog({ level, clock, write: (line) => lines.push(line) }) };
}

describe('a line', () => {
  it('says when, how bad, what, and the fields by name', () => {
    const { lines, log } = recording();
    log.with({ server: 'linear' }).info('token refreshed', { ms: 12, took: null, left: undefined, ok: true });
    expect(lines).toEqual(['2026-01-31T12:00:00.000Z info  token refreshed server=linear ms=12 took=null ok=true']);
  });

  it('below the level is not written', () => {
    const { lines, log } = recording('warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map((line) => line.slice(25))).toEqual(['warn  c', 'error d']);
  });

  it('stays one line, whatever foreign text brings', () => {
    const { lines, log } = recording();
    log.warn('said: \u202eevil\nfake line', {
      text: 'a\nb\u0000\u202e',
      nested: { key: 'x\r\ny\u2028' },
      'na\nme=1': 'v',
    });
    expect(lines).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u2028\u202e]/);
    expect(lines[0]).toContain('"a\\nb\\u0000\\u202e"');
  });

  it('cuts what is too long, too deep or too wide', () => {
    const { lines, log } = recording();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    log.info('big', { text: 'x'.repeat(1_000_000), loop, list: Array.from({ length: 10_000 }, () => 'item') });
    expect(lines[0]?.length).toBeLessThan(10_000);
  });
});

const token = 'sk-Canary-9f8e7d6c5b4a';

describe('a credential', () => {
  it('in a Secret prints as [secret], wherever it hides', () => {
    const { lines, log } = recording();
    const value = secret(token);
    log.info(`got ${String(value)}`, { value, nested: { deep: [value, new Map([['a', value]])] } });
    expect(lines[0]).not.toContain(token);
    expect(lines[0]?.match(/\[secret\]/g)).toHaveLength(4);
  });

  it.each([
    'access_token',
    'refresh_token',
    'client_secret',
    'code',
    'code_verifier',
    'authorization',
    'assertion',
    'client_assertion',
    'id_token',
    'clientSecret',
    'Set-Cookie',
    'DPoP',
    'agentKey',
    'registration_access_token',
  ])('under the name %s is never printed, though it be a plain string', (name) => {
    const { lines, log } = recording();
    log.info('x', { [name]: token });
    log.info('x', { nested: { [name]: token } });
    log.info('x', { list: [{ [name]: [token] }] });
    log.info('x', { headers: new Map([[name, token]]) });
    log.info('x', { body: JSON.stringify({ [name]: token }) });
    log.with({ [name]: token }).info('x');
    const url = ['access_token', 'refresh_token', 'code', 'client_secret', 'id_token'].includes(name);
    if (url)
      log.info(`came to http://127.0.0.1:1/callback?a=b&${name}=${token}`, {
        url: new URL(`http://x/?${name}=${token}#y`),
      });
    for (const line of lines.filter((text) => !text.includes('body='))) expect(line).not.toContain(token);
    if (url || name.includes('_')) expect(lines.join('\n')).not.toContain(token);
  });

  it.each([
    `Bearer ${token}`,
    `authorization: DPoP ${token}`,
    `Basic ${Buffer.from(`id:${token}`).toString('base64')}`,
    `refresh_token=${token}&grant_type=refresh_token`,
    `{"access_token":"${token}","token_type":"bearer"}`,
    `{\\"access_token\\":\\"${token}\\"}`,
    `http://127.0.0.1/callback?state=abc&code=${token}`,
    `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(token).toString('base64url')}.c2lnbmF0dXJl`,
  ])('inside the text %s is cut out', (text) => {
    const { lines, log } = recording();
    log.error(text, { text, error: new Error(text), list: [text] });
    expect(lines[0]).not.toContain(token);
    expect(lines[0]).not.toContain(Buffer.from(token).toString('base64url'));
    expect(lines[0]).not.toContain(Buffer.from(`id:${token}`).toString('base64'));
  });

  it.each([
    'Authorization: Bearer WORD',
    '"authorization":"DPoP WORD"',
    'Bearer WORD',
    'sent Bearer WORD, refused',
    'Basic WORD=',
    'authorization=Token WORD',
    "access_token='WORD'",
    "refresh_token='WORD with a blank'",
    'client_secret="WORD with a blank"',
    'client_secret=\\"WORD\\"',
    "{ access_token: 'WORD', token_type: 'bearer' }",
    "{'id_token': 'WORD'}",
    'password=a\\WORD',
  ])('of letters only, or quoted in any way, is cut out of %s', (text) => {
    const { lines, log } = recording();
    for (const word of ['kJQsVwErTyUiOpAsDfGh', 'QwErTyUi']) {
      const line = text.replace('WORD', word);
      log.error(line, { line, list: [line] });
      expect(lines.pop()).not.toContain(word);
    }
  });

  it('in an error’s cause never prints; the error’s code and facts do', () => {
    const { lines, log } = recording();
    const cause = Object.assign(new Error(`got ${token}`), { code: 'ECONNRESET' });
    const error = new TokentrayError('unreachable', 'no answer', { cause, facts: { sent: true } });
    log.error('failed', { error });
    expect(lines[0]).toContain('"error":"unreachable"');
    expect(lines[0]).toContain('"sent":true');
    expect(lines[0]).toContain('ECONNRESET');
    expect(lines[0]).not.toContain(token);
  });

  it('does not make ordinary words disappear', () => {
    const { lines, log } = recording();
    log.info('Bearer is the scheme', { url: 'https://mcp.example/mcp?a=b', scheme: 'Basic realm', status: 401 });
    expect(lines[0]).not.toContain('[secret]');
    for (const text of [
      'bearer authentication required, not Basic information',
      'Bearer realm="mcp", error="invalid_token"',
      'Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource"',
      "code: 'ENOENT'",
    ]) {
      log.info(text);
      expect(lines.at(-1)).not.toContain('[secret]');
    }
  });

  it('never makes logging throw, whatever is logged', () => {
    const { log } = recording();
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.anything()), (text, fields) => log.info(text, fields)),
    );
  });
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tokentray-log-'));
  folders.push(made);
  return made;
}

describe('the log file', () => {
  it('is for this user only, also when it was there before', () => {
    const path = join(folder(), 'logs', 'tokentray.log');
    createLog({ level: 'info', clock, file: { path } }).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, 'old\n');
    chmodSync(path, 0o644);
    const log = createLog({ level: 'info', clock, file: { path } });
    log.info('new');
    log.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^old\n.*new\n$/);
  });

  it('turns over at its size and keeps as many old ones as said', () => {
    const home = folder();
    const path = join(home, 'tokentray.log');
    const file = openLogFile({ path, maxBytes: 100, keep: 2 });
    for (let line = 1; line <= 9; line += 1) file.write(`${line}`.padStart(49, '.'));
    file.close();
    expect(readdirSync(home).sort()).toEqual(['tokentray.log', 'tokentray.log.1', 'tokentray.log.2']);
    const last = (name: string) => readFileSync(join(home, name), 'utf8').match(/\d/g)?.join('');
    expect([last('tokentray.log'), last('tokentray.log.1'), last('tokentray.log.2')]).toEqual(['9', '78', '56']);
    for (const name of readdirSync(home)) expect(statSync(join(home, name)).mode & 0o777).toBe(0o600);
  });

  it('counts what an earlier run wrote', () => {
    const home = folder();
    const path = join(home, 'tokentray.log');
    writeFileSync(path, 'x'.repeat(90));
    const file = openLogFile({ path, maxBytes: 100, keep: 1 });
    file.write('a line that no longer fits');
    file.close();
    expect(readFileSync(`${path}.1`, 'utf8')).toHaveLength(90);
  });

  it('is not written through a link to another file', () => {
    const home = folder();
    writeFileSync(join(home, 'other'), '');
    symlinkSync(join(home, 'other'), join(home, 'tokentray.log'));
    expect(() => openLogFile({ path: join(home, 'tokentray.log') })).toThrow();
  });

  it('that cannot be written any more stops nobody, and closed it stays closed', () => {
    const home = folder();
    const path = join(home, 'tokentray.log');
    const file = openLogFile({ path, maxBytes: 10, keep: 1 });
    file.write('first line');
    rmSync(home, { recursive: true });
    expect(() => file.write('second line')).not.toThrow();
    file.close();
    folders.splice(folders.indexOf(home), 1);
    expect(() => file.write('third line')).not.toThrow();
  });
});
