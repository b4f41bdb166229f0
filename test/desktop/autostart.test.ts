// Starting at login on Linux: the desktop reads back exactly the words that the program was started with.
import { execFileSync } from 'node:child_process';
import { array, assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autostartEntry, autostartFile } from '../../main/desktop/autostart.ts';

/** As the Desktop Entry Specification reads `Exec`: the string's escapes, then the quotes, then the field codes. */
function read(entry: string): string[] {
  const value = /^Exec=(.*)$/mu.exec(entry)?.[1] ?? '';
  const text = value.replace(
    /\\([sntr\\])/gu,
    (_all, code: string) => ({ s: ' ', n: '\n', t: '\t', r: '\r' })[code] ?? '\\',
  );
  const words = [...text.matchAll(/"((?:[^"\\]|\\[\s\S])*)"(?: |$)/gu)];
  return words.map(([, word = '']) => word.replace(/\\(["`$\\])/gu, '$1').replaceAll('%%', '%'));
}

describe('the autostart file', () => {
  it('is where the desktop looks', () => {
    expect(autostartFile({}, '/home/a')).toBe('/home/a/.config/autostart/tokentray.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: '/c' }, '/home/a')).toBe('/c/autostart/tokentray.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: 'c' }, '/home/a')).toBe('/home/a/.config/autostart/tokentray.desktop');
  });

  it('names the program and its words', () => {
    expect(autostartEntry(['/opt/My Apps/tokentray', '--hidden'])).toContain(
      '\nExec="/opt/My Apps/tokentray" "--hidden"\n',
    );
  });

  it('says any word so that it is read back as it was, and in one line', () => {
    assert(
      property(array(string({ unit: 'grapheme-ascii' }), { minLength: 1 }), (words) => {
        const entry = autostartEntry(words);
        expect(read(entry)).toEqual(words);
        expect(entry.split('\n')).toHaveLength(8);
      }),
    );
    expect(read(autostartEntry(['a\nExec=evil', '%f $HOME `x` "q" \\']))).toEqual([
      'a\nExec=evil',
      '%f $HOME `x` "q" \\',
    ]);
  });

  it('passes the desktop’s own check, where that is installed', (context) => {
    try {
      execFileSync('which', ['desktop-file-validate'], { stdio: 'ignore' });
    } catch {
      return context.skip('desktop-file-validate is not installed');
    }
    const checked = execFileSync('desktop-file-validate', ['/dev/stdin'], {
      input: autostartEntry(['/opt/a b', '%x']),
    });
    expect(checked.toString()).toBe('');
  });
});
