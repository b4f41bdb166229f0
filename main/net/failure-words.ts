// Every way in which a connection fails that a person may meet: what happened, what they can do, and whether we were heard.
import type { ErrorCode } from '../errors.ts';

export interface FailureWords {
  readonly code: Extract<
    ErrorCode,
    'unreachable' | 'unreadable_answer' | 'response_too_large' | 'forbidden_address' | 'unsafe_url'
  >;
  /** Follows the address: `"https://…" cannot be reached: nothing listens there`. */
  readonly happened: string;
  readonly advice: string;
  /** False: the request certainly never left, so it is safe to send it again. */
  readonly sent: boolean;
}

const again = 'Try again in a moment; if it stays so, ask whoever runs the server.';
const network = 'Check the address, your network and the proxy settings.';
const starts = 'Check the address and its port, and that the server runs.';
const operator = 'Ask whoever runs the server: its certificate or its TLS set-up has to be mended there.';
const ownCa = 'If your network uses its own certificate authority, name its PEM file as an extra CA (--ca).';
const plainHttp = 'Check the address: perhaps it begins with http:// and not https://, or has another port.';
const noWebServer = 'Check the address and its port: something else than a web server answers there.';

const notReached = (happened: string, advice: string): FailureWords => ({
  code: 'unreachable',
  happened: `cannot be reached: ${happened}`,
  advice,
  sent: false,
});
const brokenOff = (happened: string, advice = again): FailureWords => ({
  code: 'unreachable',
  happened,
  advice,
  sent: true,
});
const unreadable = (happened: string, advice: string): FailureWords => ({
  code: 'unreadable_answer',
  happened,
  advice,
  sent: true,
});

// Codes of the system (errno), of undici, zlib and Node's TLS. Two are ours, for what undici says in words only.
const known: Readonly<Record<string, FailureWords>> = {
  ECONNREFUSED: notReached('nothing listens there', starts),
  ENOTFOUND: notReached('there is no such host', 'Check the spelling of the address.'),
  EAI_AGAIN: notReached('the host name cannot be looked up now', 'Check that this machine is online, then try again.'),
  EHOSTUNREACH: notReached('no way leads to that host', network),
  EHOSTDOWN: notReached('that host is down', network),
  ENETUNREACH: notReached('no way leads to that network', 'Check that this machine is online.'),
  ENETDOWN: notReached('the network is down', 'Check that this machine is online.'),
  EADDRNOTAVAIL: notReached('that address cannot be used from this machine', network),
  EACCES: notReached('this machine does not allow the connection', 'Check its firewall.'),
  EPERM: notReached('this machine does not allow the connection', 'Check its firewall.'),
  EMFILE: notReached('too many files and connections are open on this machine', 'Close some programs and try again.'),
  ETIMEDOUT: brokenOff('does not answer in time', network),
  EPIPE: brokenOff('broke the connection off'),
  ECONNRESET: brokenOff('broke the connection off'),
  ECONNABORTED: brokenOff('broke the connection off'),
  UND_ERR_SOCKET: brokenOff('broke the connection off'),
  UND_ERR_CLOSED: notReached('Tokentray is closing its connections', again),
  UND_ERR_DESTROYED: notReached('Tokentray is closing its connections', again),
  UND_ERR_CONNECT_TIMEOUT: notReached('it does not accept connections in time', network),
  UND_ERR_HEADERS_TIMEOUT: brokenOff('does not answer in time'),
  UND_ERR_BODY_TIMEOUT: brokenOff('does not end its answer in time'),
  UND_ERR_PRX_TLS: notReached('the proxy’s TLS connection failed', 'Check the proxy settings.'),
  UND_ERR_ABORTED: { ...notReached('the proxy refused the connection', 'Check the proxy settings.'), sent: true },
  PROXY_REFUSED: notReached('the proxy refused the connection', 'Check the proxy settings.'),
  UND_ERR_HEADERS_OVERFLOW: {
    code: 'response_too_large',
    happened: 'answers with headers that are too large',
    advice: 'Ask whoever runs the server.',
    sent: true,
  },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: unreadable('sends less or more than it announces', again),
  Z_DATA_ERROR: unreadable('sends an answer that cannot be unpacked', again),
  Z_BUF_ERROR: unreadable('sends an answer that cannot be unpacked', again),
  NO_HTTP: unreadable('does not speak HTTP', noWebServer),
  BAD_PORT: {
    code: 'forbidden_address',
    // Fetch standard, port blocking.
    happened: 'has a port that belongs to another service and is never used for the web',
    advice: 'Check the port in the address.',
    sent: false,
  },
  WITH_CREDENTIALS: {
    code: 'unsafe_url',
    happened: 'is given with a name or a password in the address',
    advice: 'Leave them out: whoever sees the address would see them.',
    sent: false,
  },
  CERT_HAS_EXPIRED: notReached('its certificate has expired', operator),
  CERT_NOT_YET_VALID: notReached('its certificate is not valid yet', 'Check this machine’s clock.'),
  ERR_TLS_CERT_ALTNAME_INVALID: notReached('its certificate is for another host', 'Check the host in the address.'),
  HOSTNAME_MISMATCH: notReached('its certificate is for another host', 'Check the host in the address.'),
  CERT_REVOKED: notReached('its certificate was revoked', operator),
  ERR_SSL_WRONG_VERSION_NUMBER: notReached('it does not speak TLS there', plainHttp),
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notReached('it does not speak TLS there', plainHttp),
  ERR_SSL_HTTP_REQUEST: notReached('it does not speak TLS there', plainHttp),
};

const families: readonly (readonly [RegExp, (code: string) => FailureWords])[] = [
  [
    /^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|ERR_TLS_CERT)/u,
    (code) => ({ ...notReached('', ownCa), happened: `has a certificate that is not trusted (${code})` }),
  ],
  // Alerts and refusals of the handshake; everything else of TLS may come after the request was read.
  [
    /^(?:ERR_SSL_\S*(?:PROTOCOL_VERSION|HANDSHAKE_FAILURE|UNSUPPORTED_PROTOCOL|UNRECOGNIZED_NAME|NO_CIPHERS?|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY)|EPROTO)/u,
    (code) => notReached(`no TLS connection can be agreed on (${code})`, operator),
  ],
  [/^ERR_SSL_/u, (code) => brokenOff(`broke the TLS connection off (${code})`, operator)],
  [/^HPE_/u, (code) => unreadable(`does not speak HTTP (${code})`, noWebServer)],
];

/** @param code as Node and undici give it; null where they gave none */
export function failureWords(code: string | null): FailureWords {
  const exact = code !== null && Object.hasOwn(known, code) ? known[code] : undefined;
  if (exact !== undefined) return exact;
  const family = families.find(([pattern]) => code !== null && pattern.test(code));
  if (family !== undefined) return family[1](code ?? '');
  const named = code === null ? '' : ` (${code})`;
  return { ...brokenOff(`cannot be reached: the connection failed${named}`), advice: network };
}
