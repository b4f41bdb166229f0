// What macOS and Windows print about processes and signatures is read as documented, and nothing but numbers is put into what is run.
import { describe, expect, it } from 'vitest';
import {
  macosProcesses,
  parseArguments,
  parseFiles,
  parseList as parsePs,
  splitArguments,
} from '../../../main/access/evidence/macos.ts';
import type { RunOptions } from '../../../main/access/evidence/run.ts';
import {
  parseAuthenticode,
  parseCodesign,
  signatureOf,
  signatureScript,
} from '../../../main/access/evidence/signature.ts';
import {
  listScript,
  parseList as parseCim,
  splitCommandLine,
  windowsProcesses,
} from '../../../main/access/evidence/windows.ts';

const ran: (readonly [program: string, args: readonly string[], options?: RunOptions])[] = [];
const running =
  (answers: (args: string) => string | null) =>
  async (program: string, args: readonly string[], options?: RunOptions) => {
    ran.push(options === undefined ? [program, args] : [program, args, options]);
    return answers(args.join(' '));
  };

describe('macOS', () => {
  const list = [
    '    1     0 Mon Nov  6 08:00:01 2023     /sbin/launchd',
    '  512     1 Tue Nov 21 09:12:44 2023     /Applications/Cursor.app/Contents/MacOS/Cursor',
    '  733   512 Tue Nov 21 09:13:00 2023     /Applications/Cursor.app/Contents/Frameworks/Cursor Helper (Plugin).app/Contents/MacOS/Cursor Helper (Plugin)',
    '  801   733 Tue Nov 21 09:14:59 2023     node',
    'garbage',
    '',
  ].join('\n');
  const files = [
    'p801',
    'fcwd',
    'n/Users/ada/project',
    'ftxt',
    'n/opt/homebrew/Cellar/node/24.1.0/bin/node',
    'ftxt',
    'n/usr/lib/dyld',
    'p733',
    'fcwd',
    'n/',
    'ftxt',
    'n/Applications/Cursor.app/Contents/Frameworks/Cursor Helper (Plugin)',
    '',
  ].join('\n');
  const args = '  801 node /Users/ada/My Tools/shim.js stdio linear\n  733 /Applications/Cursor.app/x --type=utility\n';

  it('lists processes with parents, starts and paths that hold spaces', () => {
    const all = parsePs(list);
    expect([...all.keys()]).toEqual([1, 512, 733, 801]);
    expect(all.get(733)).toMatchObject({
      parentPid: 512,
      startedAt: Date.UTC(2023, 10, 21, 9, 13, 0),
      name: 'Cursor Helper (Plugin)',
    });
    expect(all.get(1)?.startedAt).toBe(Date.UTC(2023, 10, 6, 8, 0, 1));
  });

  it('names the first text file as the executable, and the folder', () => {
    expect(parseFiles(files)).toEqual(
      new Map([
        [801, { folder: '/Users/ada/project', executable: '/opt/homebrew/Cellar/node/24.1.0/bin/node' }],
        [733, { folder: '/', executable: '/Applications/Cursor.app/Contents/Frameworks/Cursor Helper (Plugin)' }],
      ]),
    );
    expect(parseFiles('n/not/of/anybody\nfcwd')).toEqual(new Map());
  });

  it('prints words without their borders: the program’s own path keeps its spaces', () => {
    expect(parseArguments(args).get(801)).toBe('node /Users/ada/My Tools/shim.js stdio linear');
    expect(splitArguments('/a b/c d --x  y', '/a b/c d')).toEqual(['/a b/c d', '--x', 'y']);
    expect(splitArguments('node x', '/opt/node')).toEqual(['node', 'x']);
    expect(splitArguments('', null)).toEqual([]);
  });

  it('puts these together, from one process upwards', async () => {
    const run = running((words) => (words.includes('comm=') ? list : words.includes('pfn') ? files : args));
    const line = await macosProcesses(run).lineage(801);
    expect(line.map(({ pid, executable, folder }) => [pid, executable, folder])).toEqual([
      [801, '/opt/homebrew/Cellar/node/24.1.0/bin/node', '/Users/ada/project'],
      [733, '/Applications/Cursor.app/Contents/Frameworks/Cursor Helper (Plugin)', '/'],
      [512, null, null],
      [1, null, null],
    ]);
    expect(line[0]?.commandLine).toEqual(['node', '/Users/ada/My', 'Tools/shim.js', 'stdio', 'linear']);
    expect(await macosProcesses(running(() => null)).lineage(801)).toEqual([]);
  });

  it('tells a valid signature from one that was broken, from none, and from one that names nobody', () => {
    const signed = [
      'Executable=/Applications/Cursor.app/Contents/MacOS/Cursor',
      'Identifier=com.example.cursor',
      'CodeDirectory v=20500 size=510 flags=0x10000(runtime) hashes=5+7 location=embedded',
      'Authority=Developer ID Application: Example Tools (AB12CD34EF)',
      'Authority=Developer ID Certification Authority',
      'Authority=Apple Root CA',
      'TeamIdentifier=AB12CD34EF',
    ].join('\n');
    const signer = 'Developer ID Application: Example Tools (AB12CD34EF)';
    expect(parseCodesign(signed, true)).toEqual({ verdict: 'valid', signer });
    expect(parseCodesign(signed, false)).toEqual({ verdict: 'invalid', signer });
    expect(parseCodesign('801: code object is not signed at all', false)).toEqual({
      verdict: 'unsigned',
      signer: null,
    });
    const adHoc = 'Executable=/opt/homebrew/bin/node\nSignature=adhoc\nTeamIdentifier=not set';
    expect(parseCodesign(adHoc, true)).toEqual({ verdict: 'unsigned', signer: null });
    expect(parseCodesign('', true)).toEqual({ verdict: 'unknown', signer: null });
  });

  it('is asked about the process that runs, by its number alone', async () => {
    ran.splice(0);
    await signatureOf(
      801,
      'darwin',
      running(() => ''),
    );
    expect(ran.map(([program, words]) => [program, ...words])).toEqual([
      ['/usr/bin/codesign', '--verify', '801'],
      ['/usr/bin/codesign', '-dv', '--verbose=2', '801'],
    ]);
    for (const pid of [Number.NaN, -1, 1.5])
      await expect(
        signatureOf(
          pid,
          'darwin',
          running(() => ''),
        ),
      ).rejects.toThrow();
  });
});

const status = (word: string, signer: string | null = 'CN=Example Tools, Inc.') =>
  parseAuthenticode(JSON.stringify({ status: word, signer }));

describe('Windows', () => {
  const cim = JSON.stringify([
    {
      pid: 801,
      parent: 733,
      name: 'node.exe',
      path: 'C:\\Program Files\\nodejs\\node.exe',
      words: '"C:\\Program Files\\nodejs\\node.exe" "C:\\Users\\Ada Lovelace\\shim.js" stdio linear',
      started: 1_700_558_099_000,
    },
    {
      pid: 733,
      parent: 4,
      name: 'Cursor.exe',
      path: 'C:\\Users\\Ada\\Cursor.exe',
      words: null,
      started: 1_700_558_000_000,
    },
    { pid: 4, parent: 0, name: 'System', path: null, words: null, started: null },
  ]);

  it('lists a process and its parents', async () => {
    const line = await windowsProcesses(running(() => `\uFEFF${cim}`)).lineage(801);
    expect(line.map(({ pid, parentPid }) => [pid, parentPid])).toEqual([
      [801, 733],
      [733, 4],
      [4, 0],
    ]);
    expect(line[0]).toMatchObject({
      startedAt: 1_700_558_099_000,
      executable: 'C:\\Program Files\\nodejs\\node.exe',
      commandLine: ['C:\\Program Files\\nodejs\\node.exe', 'C:\\Users\\Ada Lovelace\\shim.js', 'stdio', 'linear'],
    });
    for (const text of ['', '{}', '[{"pid":"1"}]', 'oops']) expect(parseCim(text)).toEqual(new Map());
  });

  it('splits a command line as programs there do', () => {
    const cases: [string, string[]][] = [
      ['a.exe b  c', ['a.exe', 'b', 'c']],
      ['"a b.exe" "c d" e', ['a b.exe', 'c d', 'e']],
      ['a "b \\" c" d', ['a', 'b " c', 'd']],
      ['a "b\\\\" c', ['a', 'b\\', 'c']],
      ['a b\\c\\\\d', ['a', 'b\\c\\\\d']],
      ['a "" b', ['a', '', 'b']],
      ['a x"y z"w', ['a', 'xy zw']],
      ['a b\\', ['a', 'b\\']],
      ['', []],
    ];
    for (const [text, words] of cases) expect(splitCommandLine(text), text).toEqual(words);
  });

  it('is asked in scripts into which nothing but a number goes', () => {
    for (const script of [listScript, signatureScript]) {
      expect(script(801)).toContain('801');
      for (const pid of [Number.NaN, -1, 1.5, Infinity]) expect(() => script(pid)).toThrow(RangeError);
      expect(() => script('1; calc' as unknown as number)).toThrow(RangeError);
    }
  });

  it('runs PowerShell from its own folder, without a profile, the script encoded', async () => {
    ran.splice(0);
    await windowsProcesses(running(() => null)).lineage(801);
    const [program, words] = ran[0] ?? ['', []];
    expect(program).toMatch(/^[A-Z]:\\.*\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe$/iu);
    expect(words.slice(0, -1)).toEqual(['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand']);
    expect(Buffer.from(words.at(-1) ?? '', 'base64').toString('utf16le')).toBe(listScript(801));
  });

  it('says what it makes of a signature', () => {
    expect(status('Valid')).toEqual({ verdict: 'valid', signer: 'CN=Example Tools, Inc.' });
    expect(status('HashMismatch').verdict).toBe('invalid');
    expect(status('NotTrusted').verdict).toBe('invalid');
    expect(status('NotSigned', null)).toEqual({ verdict: 'unsigned', signer: null });
    expect(status('UnknownError').verdict).toBe('unknown');
    expect(parseAuthenticode('')).toEqual({ verdict: 'unknown', signer: null });
  });

  it('Linux knows no signatures', async () => {
    expect(await signatureOf(1, 'linux')).toBeNull();
  });
});
