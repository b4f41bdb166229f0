// Programs that put the file of another one behind code of their own: they are not that one.
import { describe, expect, it } from 'vitest';
import { scriptOf } from '../../main/access/evidence/script.ts';

const of = (executable: string, ...rest: string[]): string | null => {
  const commandLine = [executable, ...rest];
  const facts = { pid: 1, parentPid: 0, startedAt: 1, name: 'x', executable, deleted: false, commandLine, folder: '/' };
  return scriptOf(facts, (path) => path);
};

describe('code that stood on the command line', () => {
  it.each([
    ['/usr/bin/node', '--eval=evil()'],
    ['/usr/bin/node', '--print=evil()'],
    ['/usr/bin/bun', '--eval=evil()'],
    ['/usr/bin/python3', '-cevil()'],
    ['/usr/bin/python3', '-Bcevil()'],
    ['/usr/bin/python3', '-Bmevil'],
    ['/usr/bin/ruby', '-eevil'],
    ['/usr/bin/ruby', '-weevil'],
    ['/usr/bin/perl', '-leevil'],
  ])('is what runs, whichever file stands behind it: %s %s', (executable, option) => {
    const found = of(executable, option, '/opt/legit/agent');
    expect(found).toMatch(/^inline code [0-9a-f]{16}$/u);
    expect(of(executable, `${option}2`, '/opt/legit/agent')).not.toBe(found);
  });

  it.each([
    ['/usr/bin/node', '--enable-source-maps'],
    ['/usr/bin/python3', '-Bu'],
    ['/usr/bin/python3', '-IE'],
    ['/usr/bin/perl', '-w'],
    ['/usr/bin/ruby', '-w'],
  ])('is not seen in other options: %s %s', (executable, option) => {
    expect(of(executable, option, '/opt/legit/agent')).toBe('/opt/legit/agent');
  });
});
