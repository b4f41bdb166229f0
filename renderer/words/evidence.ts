// Who an agent is: what was checked beside what it merely says, and a warning where the two do not agree. Pure.
import type { Agent } from '../store/model.ts';
import { hostOf, plainText } from './names.ts';

export type TrustTone = 'fine' | 'idle' | 'warn' | 'danger';

export interface Trust {
  readonly tone: TrustTone;
  /** Whether its name can be relied on, in one sentence; names in it come from outside. */
  readonly words: string;
}

type Checked = NonNullable<Agent['checked']>;
const longest = 48;

/** @param signingIn it is just coming in through the browser: whoever started that is not known */
export function trustOf(agent: Pick<Agent, 'kind' | 'claimed' | 'checked'>, signingIn = false): Trust {
  const { kind, claimed, checked } = agent;
  if (kind === 'key') return { tone: 'fine', words: 'Proved by its agent key.' };
  if (kind === 'oauth') return signedIn(claimed, signingIn);
  const said = claimed.name ?? claimed.client?.name ?? null;
  if (checked === null) {
    return { tone: 'warn', words: 'Nothing about it could be checked. Its name is its own word.' };
  }
  if (checked.signature?.verdict === 'invalid') {
    return { tone: 'danger', words: 'The signature of its program is broken: the program was changed.' };
  }
  if (said !== null && !nameFits(said, checked)) {
    return {
      tone: 'warn',
      words: `It calls itself “${plainText(said, longest)}”, but the program is ${programOf(checked)}.`,
    };
  }
  if (checked.by === 'its-word') {
    return {
      tone: 'warn',
      words: 'The system could not name its process; the one that it named itself was looked at.',
    };
  }
  return { tone: 'fine', words: `Checked: the program is ${programOf(checked)}.` };
}

function signedIn({ name, clientUri }: Agent['claimed'], signingIn: boolean): Trust {
  const document =
    clientUri === null
      ? null
      : `It shows the document of ${plainText(hostOf(clientUri), longest)}, as any program could.`;
  const itsWord = 'Its name is its own word.';
  if (!signingIn) return { tone: 'idle', words: `Signed in to the bridge. ${document ?? itsWord}` };
  const calls = name === null ? itsWord : `It calls itself “${plainText(name, longest)}”, which is its own word.`;
  const shows = document === null ? '' : ` ${document}`;
  return { tone: 'warn', words: `${calls}${shows} Go on only if you started this sign-in.` };
}

/** "node, running cli.js": the last parts of both paths. */
export function programOf({ executable, script }: Pick<Checked, 'executable' | 'script'>): string {
  const program = executable === null ? 'a program that cannot be seen' : plainText(lastOf(executable), longest);
  return script === null ? program : `${program}, running ${plainText(lastOf(script), longest)}`;
}

const interpreters = new Set([
  'node',
  'nodejs',
  'python',
  'python3',
  'bash',
  'deno',
  'ruby',
  'perl',
  'java',
  'electron',
]);
/** Folders that every program may lie in tell nothing about which one it is. */
const anywhere = new Set(['home', 'users', 'library', 'applications', 'programs', 'local', 'share', 'node_modules']);

/**
 * Whether a name could be the program's: some part of its path is like it. That proves nothing (a folder can be called
 * anything), so it only spares the warning; the path itself is always shown.
 */
export function nameFits(said: string, { executable, script }: Pick<Checked, 'executable' | 'script'>): boolean {
  const name = squeezed(said);
  if (name.length < 2) return false;
  const parts = [executable, script].flatMap((path) => path?.split(/[\\/]/u) ?? []).map(squeezed);
  const telling = parts.filter((part) => part !== '' && !anywhere.has(part));
  return telling.some(
    (part) =>
      (name.length > 2 && part.includes(name)) ||
      part === name ||
      (part.length > 3 && !interpreters.has(part) && name.includes(part)),
  );
}

const squeezed = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\.(?:exe|app|[cm]?[jt]s|py)$/u, '')
    .replaceAll(/[^\p{L}\p{N}_]/gu, '');

const lastOf = (path: string): string => path.split(/[\\/]/u).findLast((part) => part !== '') ?? path;

export interface EvidenceLine {
  readonly name: string;
  /** From outside. */
  readonly value: string;
  readonly mono: boolean;
}

/** What the broker found out by itself. */
export function checkedLines(checked: Agent['checked']): readonly EvidenceLine[] {
  if (checked === null) return [];
  const { executable, script, folder, parents, signature, pid } = checked;
  return [
    path('Program', executable ?? 'it cannot be seen'),
    ...(script === null ? [] : [path('Script', script)]),
    ...(parents.length === 0 ? [] : [plain('Started by', startedBy(parents))]),
    ...(folder === null ? [] : [path('Folder', folder)]),
    ...(signature === null ? [] : [plain('Signature', signatureWords(signature))]),
    plain('Process', String(pid)),
  ];
}

/** What it says of itself. */
export function claimedLines({ name, client, clientUri, firstClient }: Agent['claimed']): readonly EvidenceLine[] {
  return [
    ...(name === null ? [] : [plain('Name', name)]),
    ...(client === null ? [] : [plain('In its messages', versioned(client))]),
    ...(firstClient === undefined ? [] : [plain('In its first messages', versioned(firstClient))]),
    ...(clientUri === null ? [] : [path('Client id', clientUri)]),
  ];
}

const versioned = ({ name, version }: NonNullable<Agent['claimed']['client']>): string =>
  version === null ? name : `${name} ${version}`;

const plain = (name: string, value: string): EvidenceLine => ({ name, value, mono: false });
const path = (name: string, value: string): EvidenceLine => ({ name, value, mono: true });

/** The nearest first: "zsh, in alacritty". */
function startedBy(parents: Checked['parents']): string {
  return (
    parents
      .slice(0, 3)
      // What it is, where that can be seen: a process calls itself what it likes.
      .map(({ name, executable }) => plainText(executable === null ? name : lastOf(executable), 40))
      .join(', in ')
  );
}

function signatureWords({ verdict, signer }: NonNullable<Checked['signature']>): string {
  switch (verdict) {
    case 'valid':
      return signer === null ? 'valid' : `valid, by ${signer}`;
    case 'invalid':
      return 'broken';
    case 'unsigned':
      return 'none';
    case 'unknown':
      return 'could not be looked at';
  }
}
