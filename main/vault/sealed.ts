// The passphrase file's content: scrypt makes a key of the passphrase, AES-256-GCM seals all secrets under it.
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Secret } from '../secret.ts';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** log2 of scrypt's N. 2^17 with r = 8 takes 128 MiB and about half a second: once at start. */
export const usualCost = 17;
const highestCost = 20;

const base64 = z.base64().max(32 * 1024 * 1024);
const fileSchema = z.strictObject({
  format: z.literal('tokentray-vault'),
  version: z.literal(1),
  kdf: z.strictObject({ name: z.literal('scrypt'), cost: z.int().min(10).max(highestCost), salt: base64 }),
  /** Tells a wrong passphrase from a changed file; derived beside the key, so it is no shortcut for guessing. */
  check: base64,
  cipher: z.literal('aes-256-gcm'),
  nonce: base64,
  sealed: base64,
  tag: base64,
});
type SealedFile = z.infer<typeof fileSchema>;

const contentSchema = z.array(
  z.strictObject({
    kind: z.enum(['grant', 'registration', 'audit']),
    id: z.string(),
    label: z.string(),
    secret: z.string(),
  }),
);
export type SealedItem = z.infer<typeof contentSchema>[number];

/** A passphrase made into a key, for the salt and cost that it was made with. */
export interface SealingKey {
  readonly salt: Buffer;
  readonly cost: number;
  readonly key: Buffer;
  readonly check: Buffer;
}

export type Opened =
  | { readonly kind: 'open'; readonly items: SealedItem[]; readonly key: SealingKey }
  | { readonly kind: 'wrong-passphrase' }
  | { readonly kind: 'damaged'; readonly because: string };

export async function newKey(passphrase: Secret, cost: number): Promise<SealingKey> {
  return keyFor(passphrase, randomBytes(16), cost);
}

export function seal(items: readonly SealedItem[], { salt, cost, key, check }: SealingKey): string {
  // 96 random bits: a repetition under one key is out of reach for the number of writes that a person's grants cause.
  const nonce = randomBytes(12);
  const header = {
    format: 'tokentray-vault',
    version: 1,
    kdf: { name: 'scrypt', cost, salt: salt.toString('base64') },
    check: check.toString('base64'),
    cipher: 'aes-256-gcm',
    nonce: nonce.toString('base64'),
  } as const;
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(JSON.stringify(header)));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(items), 'utf8'), cipher.final()]);
  const file: SealedFile = {
    ...header,
    sealed: sealed.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
  const body = JSON.stringify(file);
  // The sum tells damage from a wrong passphrase; it protects nothing, the tag does.
  return `${body}\n${sha256(body)}\n`;
}

/** `known` saves deriving the key again when the file still carries the same salt. */
export async function unseal(text: string, passphrase: Secret, known?: SealingKey): Promise<Opened> {
  const [body = '', sum = ''] = text.split('\n');
  if (sum !== sha256(body)) return { kind: 'damaged', because: 'its checksum does not match' };
  const file = fileSchema.safeParse(jsonOf(body)).data;
  if (!file) return { kind: 'damaged', because: 'it is not a vault file of this version' };
  const salt = Buffer.from(file.kdf.salt, 'base64');
  const key =
    known && known.salt.equals(salt) && known.cost === file.kdf.cost
      ? known
      : await keyFor(passphrase, salt, file.kdf.cost);
  const check = Buffer.from(file.check, 'base64');
  if (check.length !== key.check.length || !timingSafeEqual(check, key.check)) return { kind: 'wrong-passphrase' };
  const { sealed, tag, ...header } = file;
  try {
    const cipher = createDecipheriv('aes-256-gcm', key.key, Buffer.from(file.nonce, 'base64'), { authTagLength: 16 });
    cipher.setAAD(Buffer.from(JSON.stringify(header)));
    cipher.setAuthTag(Buffer.from(tag, 'base64'));
    const plain = Buffer.concat([cipher.update(Buffer.from(sealed, 'base64')), cipher.final()]).toString('utf8');
    const items = contentSchema.safeParse(jsonOf(plain)).data;
    return items ? { kind: 'open', items, key } : { kind: 'damaged', because: 'its content has another shape' };
  } catch {
    return { kind: 'damaged', because: 'its seal is broken' };
  }
}

async function keyFor(passphrase: Secret, salt: Buffer, cost: number): Promise<SealingKey> {
  const N = 2 ** cost;
  const r = 8;
  // NFC: the same passphrase typed on another keyboard may come as other code points.
  const made = await derive(passphrase.reveal().normalize('NFC'), salt, 48, { N, r, p: 1, maxmem: 256 * N * r });
  return { salt, cost, key: made.subarray(0, 32), check: made.subarray(32) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
