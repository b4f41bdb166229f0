// A server gets a name that can be one, an icon that stays the same, and text from outside can do nothing but be read.
import { describe, expect, it } from 'vitest';
import { hueCount, hueOf, letterOf, nameForAddress, nameProblem, plainText } from '../../renderer/words/names.ts';

describe('a name for an address', () => {
  it.each([
    ['https://mcp.linear.app/mcp', 'linear'],
    ['https://bindings.mcp.cloudflare.com/sse', 'cloudflare'],
    ['https://api.githubcopilot.com/mcp/', 'githubcopilot'],
    ['https://mcp.sentry.dev/mcp', 'sentry'],
    ['http://127.0.0.1:8080/mcp', 'server'],
    ['http://[::1]:8080/mcp', 'server'],
    ['http://localhost:3000/mcp', 'localhost'],
    ['nonsense', 'server'],
    [`https://${'long'.repeat(15)}.example/`, 'long'.repeat(15)],
  ])('%s is %s', (url, name) => {
    expect(nameForAddress(url)).toBe(name);
    expect(nameProblem(name, () => false)).toBeNull();
  });
  it('counts on where the name is taken', () => {
    const taken = new Set(['linear', 'linear-2']);
    expect(nameForAddress('https://mcp.linear.app/mcp', (name) => taken.has(name))).toBe('linear-3');
  });
  it('says what is wrong with one that was typed', () => {
    expect(nameProblem('', () => false)).not.toBeNull();
    expect(nameProblem('Über uns', () => false)).toContain('Lower-case');
    expect(nameProblem('a'.repeat(65), () => false)).not.toBeNull();
    expect(nameProblem('linear', () => true)).toContain('already');
  });
});

describe('the icon', () => {
  it('is the same for the same name, and one of the hues that the design has', () => {
    for (const name of ['linear', 'github', '', '\u{1F600}', 'x'.repeat(200)]) {
      expect(hueOf(name)).toBe(hueOf(name));
      expect(hueOf(name)).toBeGreaterThanOrEqual(0);
      expect(hueOf(name)).toBeLessThan(hueCount);
    }
    expect(hueOf('linear')).not.toBe(hueOf('notion'));
  });
  it('shows the first letter or digit', () => {
    expect(letterOf('linear')).toBe('L');
    expect(letterOf('--7up')).toBe('7');
    expect(letterOf('\u202Eéclair')).toBe('É');
    expect(letterOf('---')).toBe('·');
  });
});

describe('text from outside', () => {
  it('cannot turn the line around or hide anything', () => {
    expect(plainText('a\u202Egnp.exe\u0000\u200Bb\nc')).toBe('a·gnp.exe··b·c');
  });
  it('stays what it is otherwise, and is cut', () => {
    expect(plainText('<b>Ärger & Söhne</b>')).toBe('<b>Ärger & Söhne</b>');
    expect(plainText('x'.repeat(50), 10)).toBe(`${'x'.repeat(10)}…`);
  });
});
