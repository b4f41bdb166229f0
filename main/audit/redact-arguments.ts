// Arguments of a tool call without what looks like a secret. What is no secret may still be private: the person switches it on.
import { literalOf } from '../access/exact-number.ts';
import { redactText } from '../log/redact.ts';

export const redacted = '[redacted]';

const longest = 200;
const deepest = 6;
const widest = 50;

/** Folded: without case, `_`, `-`, `.` and blanks, so that every way of writing a name is one. */
const secretWords =
  /pass(?:word|phrase|wd|code)?$|pass(?:word|phrase)|pwd|secret|token|credential|authori[sz]ation|bearer|cookie|apikey|accesskey|privatekey|signingkey|encryptionkey|sshkey|clientkey|agentkey|sessionid|sessionkey|jwt|assertion|signature|otp|mfacode|verificationcode|authcode|pincode|^pin$|^cvv$|^cvc$|^auth$|^key$/u;

// Shapes of well-known credentials; each is more than its prefix, so that prose about them stays.
const secretShapes =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:ttk|gh[pousr]|github_pat|glpat|sk|pk|rk|xox[abeoprs]|npm|hf|pypi|shpat|dop_v1|AIza)[_-][A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{30,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}/u;
const userInUrl = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/giu;

function looksSecret(name: string): boolean {
  return secretWords.test(
    name
      .normalize('NFKC')
      .replaceAll(/[\s_.\-\p{Cf}]+/gu, '')
      .toLowerCase(),
  );
}

/** A copy that is plain JSON: secrets replaced by their key's name or their shape, long texts, lists and depths cut. */
export function redactArguments(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactString(value);
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return null;
  // Text, as a large integer is: whoever reads a row back must not round it either.
  const literal = literalOf(value);
  if (literal !== null) return redactString(literal);
  if (depth >= deepest) return '…';
  if (Array.isArray(value)) {
    const some = value.slice(0, widest).map((item) => redactArguments(item, depth + 1));
    return value.length > widest ? [...some, '…'] : some;
  }
  const members = Object.entries(value);
  return Object.fromEntries([
    ...members.slice(0, widest).map(([name, item]): [string, unknown] => [
      redactString(name),
      // "key": true says something about a key; it is none. Numbers can be (a PIN).
      looksSecret(name) && item !== null && typeof item !== 'boolean' ? redacted : redactArguments(item, depth + 1),
    ]),
    ...(members.length > widest ? [['…', members.length - widest] as [string, unknown]] : []),
  ]);
}

function redactString(text: string): string {
  // Cut before anything is looked for in it; a little more than is kept, so that no half of a secret stays at the edge.
  const start = text.slice(0, longest * 4);
  if (secretShapes.test(start)) return redacted;
  const clean = redactText(start).replaceAll(userInUrl, `$1${redacted}@`);
  return clean.length > longest || text.length > longest * 4 ? `${clean.slice(0, longest)}…` : clean;
}
