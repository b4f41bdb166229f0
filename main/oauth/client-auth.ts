// How a registered client proves itself at the token and revocation endpoints (RFC 6749 section 2.3, RFC 7523 section 2.2).
import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import { TokentrayError, assertNever } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import type { Secret } from '../secret.ts';
import type { AuthorizationServerMetadata, ClientAuthMethod, Registration } from './types.ts';

export interface ClientAuthOptions {
  /** For an issuer that compares Basic credentials without form-decoding them first. */
  readonly plainBasic?: boolean | undefined;
  /** Instead of the registration's own method; for an endpoint that takes only another one. */
  readonly method?: ClientAuthMethod | undefined;
}

/** The registration as oauth4webapi's client authentication. @throws invalid_input when its secret or key is missing or unusable */
export async function clientAuth(
  as: AuthorizationServerMetadata,
  registration: Registration,
  clock: Pick<Clock, 'now'>,
  options: ClientAuthOptions = {},
): Promise<oauth.ClientAuth> {
  const method = options.method ?? registration.token_endpoint_auth_method;
  switch (method) {
    case 'none':
      return oauth.None();
    case 'client_secret_post':
      return oauth.ClientSecretPost(needed(registration.client_secret, 'client secret', registration).reveal());
    case 'client_secret_basic':
      return basic(needed(registration.client_secret, 'client secret', registration), options.plainBasic === true);
    case 'private_key_jwt':
      return privateKeyJwt(as, registration, clock);
    default:
      return assertNever(method);
  }
}

// Not oauth4webapi's ClientSecretBasic: that one also encodes `-`, `.` and `_`, which the form encoding leaves alone.
// Servers that never decode would then refuse every ordinary client id; like this, only secrets with special
// characters need the `plainBasic` switch.
function basic(secret: Secret, plain: boolean): oauth.ClientAuth {
  return (_as, client, _body, headers) => {
    if (plain && client.client_id.includes(':')) {
      throw new TokentrayError('invalid_input', 'a client id with a colon cannot be sent over Basic without encoding');
    }
    const encode = plain ? (text: string) => text : formEncode;
    const credentials = `${encode(client.client_id)}:${encode(secret.reveal())}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`);
  };
}

/** `application/x-www-form-urlencoded` of one value (RFC 6749 section 2.3.1 and appendix B). */
function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

// The audience is the issuer (draft-ietf-oauth-rfc7523bis), which is what oauth4webapi writes. Time comes from our
// clock, and the `alg` from the key or the registration: the library says `Ed25519` where most servers know `EdDSA`.
async function privateKeyJwt(
  as: AuthorizationServerMetadata,
  registration: Registration,
  clock: Pick<Clock, 'now'>,
): Promise<oauth.ClientAuth> {
  const key = readPrivateKey(needed(registration.private_key, 'private key', registration));
  const alg = registration.signing_alg ?? algorithmOf(key, as.token_endpoint_auth_signing_alg_values_supported ?? []);
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  let signer: oauth.CryptoKey;
  try {
    signer = await importPKCS8(pem, alg);
  } catch (cause) {
    throw new TokentrayError('invalid_input', `the private key cannot sign with ${quote(alg)}`, { cause });
  }
  return oauth.PrivateKeyJwt(signer, {
    [oauth.modifyAssertion]: (header, payload) => {
      const seconds = Math.floor(clock.now() / 1000);
      header['alg'] = alg;
      payload['iat'] = seconds;
      payload['nbf'] = seconds;
      payload['exp'] = seconds + 60;
    },
  });
}

function readPrivateKey(pem: Secret): KeyObject {
  try {
    return createPrivateKey(pem.reveal());
  } catch {
    // No cause: what a parser says about a key may quote the key.
    throw new TokentrayError('invalid_input', 'the private key of this client cannot be read', {
      advice: 'Give it as PKCS#8 PEM: EC, RSA or Ed25519, without a passphrase.',
    });
  }
}

/** The JWS `alg` for a key; where a key can do several, the one that the server lists. */
function algorithmOf(key: KeyObject, listed: readonly string[]): string {
  const choices = algorithmChoices(key);
  const [first] = choices;
  if (first === undefined) {
    throw new TokentrayError('invalid_input', `keys of type ${quote(key.asymmetricKeyType)} cannot sign here`);
  }
  return choices.find((alg) => listed.includes(alg)) ?? first;
}

function algorithmChoices({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): readonly string[] {
  if (type === 'rsa') return ['RS256', 'PS256', 'RS384', 'RS512', 'PS384', 'PS512'];
  if (type === 'ed25519') return ['EdDSA', 'Ed25519'];
  return (type === 'ec' && curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? '']) || [];
}

const curveAlgorithms: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};

function needed(secret: Secret | undefined, what: string, registration: Registration): Secret {
  if (secret !== undefined) return secret;
  throw new TokentrayError(
    'invalid_input',
    `the client has no ${what} for ${registration.token_endpoint_auth_method}`,
    {
      subject: quote(registration.issuer),
      advice: `Register the client again, with its ${what}.`,
    },
  );
}
