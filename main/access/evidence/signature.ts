// Who signed the program that a process runs, as macOS and Windows tell it; Linux has no such thing.
import { z } from 'zod';
import type { AgentView } from '../../../preload/contract.ts';
import { runProgram } from './run.ts';
import { asNumber, powershell } from './windows.ts';

export type Signature = NonNullable<NonNullable<AgentView['checked']>['signature']>;

type Run = typeof runProgram;

/** Of the process as it runs, not of the file, which may be another one by now. Null where the system knows no signatures. */
export async function signatureOf(
  pid: number,
  platform: NodeJS.Platform = process.platform,
  run: Run = runProgram,
): Promise<Signature | null> {
  if (platform === 'darwin') return macosSignature(pid, run);
  if (platform === 'win32') return parseAuthenticode((await powershell(run, signatureScript(pid))) ?? '');
  return null;
}

const codesign = '/usr/bin/codesign';

async function macosSignature(pid: number, run: Run): Promise<Signature> {
  // codesign(1): an argument of digits only is a process. What -d shows goes to stderr.
  const target = asNumber(pid);
  const [valid, shown] = await Promise.all([
    run(codesign, ['--verify', target]),
    run(codesign, ['-dv', '--verbose=2', target], { withStderr: true }),
  ]);
  return parseCodesign(shown ?? '', valid !== null);
}

/** The lines of `codesign -dv --verbose=2`. */
export function parseCodesign(text: string, valid: boolean): Signature {
  if (/is not signed at all/u.test(text)) return { verdict: 'unsigned', signer: null };
  const authority = /^Authority=(.+)$/mu.exec(text)?.[1];
  const team = /^TeamIdentifier=(?!not set)(.+)$/mu.exec(text)?.[1];
  const adHoc = /^Signature=adhoc$/mu.test(text);
  if (authority === undefined && !adHoc) return { verdict: 'unknown', signer: null };
  const named = authority === undefined || team === undefined || authority.includes(team);
  const signer = authority === undefined ? null : cut(named ? authority : `${authority} (${team})`);
  // An ad-hoc signature holds together but names nobody.
  return { verdict: adHoc ? 'unsigned' : valid ? 'valid' : 'invalid', signer };
}

export function signatureScript(pid: number): string {
  return [
    '[Console]::OutputEncoding = [Text.Encoding]::UTF8',
    `$one = Get-CimInstance Win32_Process -Filter "ProcessId=${asNumber(pid)}"`,
    'if ($one.ExecutablePath) {',
    '  $signature = Get-AuthenticodeSignature -LiteralPath $one.ExecutablePath',
    '  ConvertTo-Json -Compress -InputObject ([pscustomobject]@{ status = [string]$signature.Status; signer = $signature.SignerCertificate.Subject })',
    '}',
  ].join('\n');
}

const authenticodeSchema = z.object({ status: z.string().max(64), signer: z.string().max(4_096).nullish() });

/** `Status` of Get-AuthenticodeSignature: Valid, NotSigned, HashMismatch, NotTrusted, UnknownError, … */
export function parseAuthenticode(text: string): Signature {
  const parsed = authenticodeSchema.safeParse(fromJson(text));
  if (!parsed.success) return { verdict: 'unknown', signer: null };
  const { status, signer } = parsed.data;
  const verdicts: Readonly<Record<string, Signature['verdict']>> = {
    Valid: 'valid',
    NotSigned: 'unsigned',
    HashMismatch: 'invalid',
    NotTrusted: 'invalid',
  };
  return {
    verdict: verdicts[status] ?? 'unknown',
    signer: signer === undefined || signer === null ? null : cut(signer),
  };
}

const cut = (text: string): string => text.slice(0, 512);

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/u, ''));
  } catch {
    return null;
  }
}
