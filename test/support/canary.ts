// Looks for secrets where none may be: known tokens, also encoded, in files, folders and captured output.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Sighting {
  /** The file or the name of the text. */
  readonly where: string;
  /** How it was written there. Which secret it was is told by its first four characters only. */
  readonly as: 'plain' | 'base64' | 'url-encoded' | 'hex' | 'utf16';
  readonly secret: string;
}

/** Every place in which one of the secrets occurs, plainly or in an encoding that something may have applied to it. */
export function searchBytes(where: string, bytes: Buffer | string, secrets: Iterable<string>): Sighting[] {
  const haystack = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
  const found: Sighting[] = [];
  for (const secret of secrets) {
    if (secret.length < 8) throw new Error('a canary must be long enough not to occur by chance');
    for (const [as, needle] of disguises(secret)) {
      if (haystack.includes(needle)) {
        found.push({ where, as, secret: `${secret.slice(0, 4)}…` });
        break;
      }
    }
  }
  return found;
}

export interface FolderSearch {
  readonly sightings: readonly Sighting[];
  /** What was read, so that a test can assert that it looked at something. */
  readonly files: readonly string[];
}

/** Searches every regular file below `folder`; sockets, links and what vanishes meanwhile are passed over. */
export async function searchFolder(
  folder: string,
  secrets: Iterable<string>,
  skip: (path: string) => boolean = () => false,
): Promise<FolderSearch> {
  const wanted = [...secrets];
  const sightings: Sighting[] = [];
  const files: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || skip(path)) continue;
    const bytes = await readFile(path).catch(() => null);
    if (bytes === null) continue;
    files.push(path);
    sightings.push(...searchBytes(path, bytes, wanted));
  }
  return { sightings, files };
}

function disguises(secret: string): [Sighting['as'], Buffer][] {
  const plain = Buffer.from(secret, 'utf8');
  const encoded = encodeURIComponent(secret);
  return [
    ['plain', plain],
    ...(encoded === secret ? [] : [['url-encoded', Buffer.from(encoded)] as [Sighting['as'], Buffer]]),
    ...base64Cores(plain).map((core): [Sighting['as'], Buffer] => ['base64', core]),
    ['hex', Buffer.from(plain.toString('hex'))],
    ['utf16', Buffer.from(secret, 'utf16le')],
  ];
}

// Base64 depends on where in the input the secret begins; the middle part is the same for each of the three offsets.
function base64Cores(plain: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), plain])
      .toString('base64')
      .replace(/=+$/, '');
    const core = encoded.slice(offset === 0 ? 0 : 4, -4);
    return core.length < 8 ? [] : [Buffer.from(core), Buffer.from(core.replaceAll('+', '-').replaceAll('/', '_'))];
  });
}
