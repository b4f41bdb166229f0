// Which certificate authorities are believed: Node's own, the system's, and the files that the user named.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * One TLS context for every connection: reading some hundred certificates once is cheap, at every connection it is not.
 * @throws invalid_input when a file cannot be read or holds no certificate
 */
export function trustedContext(extraCaFiles: readonly string[]): tls.SecureContext {
  const extra = extraCaFiles.flatMap(readCaFile);
  return tls.createSecureContext({ ca: [...new Set([...known('default'), ...known('system'), ...extra])] });
}

// `tls.getCACertificates` came with Node 22.15; before that only the bundled list can be had.
function known(kind: 'default' | 'system'): readonly string[] {
  return typeof tls.getCACertificates === 'function' ? tls.getCACertificates(kind) : tls.rootCertificates;
}

function readCaFile(path: string): string[] {
  let found: string[];
  try {
    found = readFileSync(path, 'utf8').match(pem) ?? [];
    for (const certificate of found) void new X509Certificate(certificate);
  } catch (cause) {
    throw unusable(path, 'cannot be read', cause);
  }
  if (found.length === 0) throw unusable(path, 'holds no certificate');
  return found;
}

function unusable(path: string, why: string, cause?: unknown): TokentrayError {
  return new TokentrayError('invalid_input', `the CA file ${quote(path)} ${why}`, {
    attempted: 'read the extra certificate authorities',
    advice: 'Give a file with one or more PEM certificates.',
    cause,
  });
}
