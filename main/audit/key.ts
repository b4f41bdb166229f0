// The key that signs the audit, and what is kept beside it in the vault: where the chain began and how far it had come.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { SecretRef, SecretStore } from '../ports.ts';
import { secret } from '../secret.ts';
import { signedBytes } from './chain.ts';
import type { SignedFields } from './chain.ts';

const seq = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]{64}$/u);

/** A row by its number and hash. */
const endSchema = z.object({ seq, hash: hex });
export type End = z.output<typeof endSchema>;

const findingSchema = z.discriminatedUnion('kind', [
  /** What was seen to be wrong when it could still be seen. */
  z.object({ kind: z.literal('seen'), verdict: z.enum(['changed', 'truncated']), at: seq }),
  /** The row of that number has to have that hash. */
  z.object({ kind: z.literal('witness'), seq, hash: hex }),
  /** Rows that came while this key was away; the key's next signature is over what was there by then. */
  z.object({ kind: z.literal('gap'), from: seq, to: seq }),
]);
export type Finding = z.output<typeof findingSchema>;
export type Gap = Extract<Finding, { kind: 'gap' }>;

const keptSchema = z.object({
  v: z.literal(1),
  /** PKCS #8, DER, base64. */
  key: z.string().max(1_024),
  genesis: hex,
  /** The first row that this key can vouch for. */
  since: seq,
  /** The newest signed row when this was written; the row before `since` when nothing was signed yet. */
  head: endSchema,
  /** Whether the audit was closed with `head` as its last row: nothing comes after it then. */
  closed: z.boolean(),
  findings: z.array(findingSchema).max(64),
});
export type Kept = z.output<typeof keptSchema>;

export interface SigningKey {
  /** SHA-256 of the public key (SPKI, DER), hex. */
  readonly id: string;
  sign(fields: Omit<SignedFields, 'keyId'>): string;
  verify(fields: Omit<SignedFields, 'keyId'>, signature: string): boolean;
}

const ref: SecretRef = { kind: 'audit', id: 'key', label: 'Tokentray audit – signing key' };

/** Ed25519 (RFC 8032). */
export function newKeyText(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

/** @throws vault_damaged */
export function signingKey(text: string): SigningKey {
  let privateKey;
  try {
    privateKey = createPrivateKey({ key: Buffer.from(text, 'base64'), type: 'pkcs8', format: 'der' });
  } catch {
    throw damaged();
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw damaged();
  const publicKey = createPublicKey(privateKey);
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return {
    id,
    sign: (fields) => sign(null, signedBytes({ ...fields, keyId: id }), privateKey).toString('base64'),
    verify(fields, signature) {
      // One way of writing a signature only; base64 has several for the same bytes.
      const bytes = Buffer.from(signature, 'base64');
      if (bytes.length !== 64 || bytes.toString('base64') !== signature) return false;
      return verify(null, signedBytes({ ...fields, keyId: id }), publicKey, bytes);
    },
  };
}

/** Null when there is none. @throws vault_unavailable, vault_locked, vault_damaged */
export async function readKept(vault: Pick<SecretStore, 'read'>): Promise<Kept | null> {
  const value = await vault.read(ref);
  if (value === null) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.reveal());
  } catch {
    throw damaged();
  }
  const kept = keptSchema.safeParse(parsed);
  // The cause would quote the key: it is left out on purpose.
  if (!kept.success) throw damaged();
  return kept.data;
}

/** @throws vault_unavailable, vault_locked, store_full */
export const writeKept = (vault: Pick<SecretStore, 'write'>, kept: Kept): Promise<void> =>
  vault.write(ref, secret(JSON.stringify(kept)));

function damaged(): TokentrayError {
  return new TokentrayError('vault_damaged', 'the vault’s item of the audit’s key is not readable', {
    attempted: 'read the vault',
    advice: 'What was signed with it can no longer be checked; a new key is made.',
  });
}
