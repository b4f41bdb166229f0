// What the vault holds, as JSON: enough to use a grant and, should the database be lost, to take it up again.
import * as z from 'zod';
import { TokentrayError } from '../errors.ts';
import type { SecretRef } from '../ports.ts';
import { secret, type Secret } from '../secret.ts';
import { usualAccount } from './history.ts';

const text = z.string().max(16_384);

const grantItem = z.object({
  v: z.literal(1),
  server: text,
  url: text,
  account: text,
  resource: text.nullable(),
  issuer: text,
  registrationId: text,
  client_id: text,
  registrationKind: z.enum(['pre-registered', 'cimd', 'dcr']),
  token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']),
  redirect_uris: z.array(text).max(32),
  scopes: z.array(text).max(500),
  refresh_token: text.nullable(),
  /** Private JWK of a sender-constrained grant (RFC 9449). */
  dpop_key: text.nullable(),
  /** Whether this server was seen to rotate refresh tokens; null: no refresh yet. */
  rotates: z.boolean().nullable(),
  /** The end that the person set: a grant that is taken up again must not outlive it. By the clock that never goes back. */
  ends_at: z.number().nullable().default(null),
});

/** The vault's item of one grant. `refresh_token` and `dpop_key` are plain strings here: the item as a whole is the secret. */
export type GrantItem = z.infer<typeof grantItem>;

const registrationItem = z.object({
  v: z.literal(1),
  client_secret: text.nullable(),
  private_key: text.nullable(),
});
export type RegistrationItem = z.infer<typeof registrationItem>;

const flowItem = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('authorization_code') }),
  z.object({ v: z.literal(1), kind: z.literal('client_credentials') }),
  z.object({
    v: z.literal(1),
    kind: z.literal('id_jag'),
    idp_token_endpoint: text,
    idp_client_id: text,
    id_token: text,
  }),
  z.object({ v: z.literal(1), kind: z.literal('jwt_bearer'), assertion: text }),
]);
export type FlowItem = z.infer<typeof flowItem>;

const encode = (item: GrantItem | RegistrationItem | FlowItem): Secret => secret(JSON.stringify(item));

function decode<T>(schema: z.ZodType<T>, value: Secret, what: string): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.reveal());
  } catch {
    parsed = undefined;
  }
  const result = schema.safeParse(parsed);
  // The cause would quote the item: it is left out on purpose.
  if (!result.success) {
    throw new TokentrayError('vault_damaged', `the vault's item of ${what} is not readable`, {
      attempted: 'read the vault',
      subject: what,
      advice: 'Sign in again; the unreadable item is kept until then.',
    });
  }
  return result.data;
}

export const encodeGrant = (item: GrantItem): Secret => encode(item);
export const decodeGrant = (value: Secret, server: string): GrantItem => decode(grantItem, value, server);
export const encodeRegistration = (item: RegistrationItem): Secret => encode(item);
export const decodeRegistration = (value: Secret, issuer: string): RegistrationItem =>
  decode(registrationItem, value, issuer);
export const encodeFlow = (item: FlowItem): Secret => encode(item);
export const decodeFlow = (value: Secret, server: string): FlowItem => decode(flowItem, value, server);

/** How a grant's item is named in the keychain: a person looking through it recognises server and host. */
export function grantRef(id: string, server: string, url: string, account: string): SecretRef {
  const whose = account === usualAccount ? server : `${server}, ${account}`;
  return { kind: 'grant', id, label: `${whose} (${new URL(url).host}) – refresh token` };
}

export function registrationRef(id: string, issuer: string): SecretRef {
  return { kind: 'registration', id, label: `client credentials at ${new URL(issuer).host}` };
}

/** Credentials of a flow without a browser live beside the server that uses them. */
export function flowRef(server: string, url: string): SecretRef {
  return { kind: 'registration', id: `flow-${server}`, label: `${server} (${new URL(url).host}) – assertion` };
}
