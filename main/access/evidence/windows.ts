// Processes on Windows, as CIM lists them to PowerShell; nothing but a number ever goes into the script.
import { z } from 'zod';
import { runProgram } from './run.ts';
import { follow } from './lineage.ts';
import type { Processes, ProcessFacts } from './lineage.ts';

type Run = typeof runProgram;

export function windowsProcesses(run: Run = runProgram): Processes {
  return {
    async lineage(pid) {
      const all = parseList((await powershell(run, listScript(pid))) ?? '');
      return follow(pid, (one) => all.get(one) ?? null);
    },
    now: () => Date.now(),
  };
}

/** PowerShell's answer to a script, which goes in encoded, so that nothing in it is read twice. */
export function powershell(run: Run, script: string, withinMs = 6_000): Promise<string | null> {
  const root = process.env['SystemRoot'] ?? 'C:\\Windows';
  const encoded = Buffer.from(script, 'utf16le').toString('base64');
  return run(
    `${root}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`,
    ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encoded],
    { withinMs, mostBytes: 16_777_216 },
  );
}

/** One look at all processes, of which those from `pid` upwards are printed. */
export function listScript(pid: number): string {
  return [
    '[Console]::OutputEncoding = [Text.Encoding]::UTF8',
    '$all = @{}',
    'Get-CimInstance Win32_Process | ForEach-Object { $all[[int64]$_.ProcessId] = $_ }',
    '$line = @()',
    `$next = [int64]${asNumber(pid)}`,
    'while ($line.Count -lt 64 -and $all.ContainsKey($next)) {',
    '  $one = $all[$next]',
    '  $all.Remove($next)',
    "  $started = if ($one.CreationDate) { [int64]($one.CreationDate.ToUniversalTime() - [datetime]'1970-01-01').TotalMilliseconds } else { $null }",
    '  $line += [pscustomobject]@{ pid = [int64]$one.ProcessId; parent = [int64]$one.ParentProcessId; name = $one.Name; path = $one.ExecutablePath; words = $one.CommandLine; started = $started }',
    '  $next = [int64]$one.ParentProcessId',
    '}',
    'ConvertTo-Json -Compress -InputObject @($line)',
  ].join('\n');
}

/** @throws RangeError for what is no process's number */
export function asNumber(pid: number): string {
  if (!Number.isSafeInteger(pid) || pid < 0) throw new RangeError('a process has a number');
  return String(pid);
}

const listSchema = z
  .array(
    z.object({
      pid: z.number().int(),
      parent: z.number().int(),
      name: z.string().max(1_024),
      path: z.string().max(32_768).nullable(),
      words: z.string().max(65_536).nullable(),
      started: z.number().nullable(),
    }),
  )
  .max(64);

export function parseList(text: string): Map<number, ProcessFacts> {
  const parsed = listSchema.safeParse(fromJson(text));
  if (!parsed.success) return new Map();
  return new Map(
    parsed.data.map(({ pid, parent, name, path, words, started }) => [
      pid,
      {
        pid,
        parentPid: parent,
        startedAt: started,
        name,
        executable: path,
        deleted: false,
        commandLine: splitCommandLine(words ?? ''),
        folder: null,
      },
    ]),
  );
}

/** As CommandLineToArgvW does it: backslashes count before a quotation mark only; the program's own path knows none of that. */
export function splitCommandLine(text: string): string[] {
  const program = /^\s*(?:"([^"]*)"?|(\S+))/u.exec(text);
  if (program === null) return [];
  const words = [program[1] ?? program[2] ?? ''];
  let word: string | null = null;
  let quoted = false;
  let slashes = 0;
  const put = (more: string) => {
    word = `${word ?? ''}${more}`;
  };
  for (const char of text.slice(program[0].length)) {
    if (char === '\\') {
      slashes += 1;
      continue;
    }
    if (char === '"') {
      put('\\'.repeat(Math.floor(slashes / 2)));
      if (slashes % 2 === 1) put('"');
      else quoted = !quoted;
      slashes = 0;
      continue;
    }
    if (slashes > 0) put('\\'.repeat(slashes));
    slashes = 0;
    if (quoted || !/\s/u.test(char)) put(char);
    else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  if (slashes > 0) put('\\'.repeat(slashes));
  if (word !== null) words.push(word);
  return words;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/u, ''));
  } catch {
    return null;
  }
}
