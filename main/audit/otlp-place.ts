// Where a collector is and what it wants to be shown: from the variables of OpenTelemetry's own exporters, or from a file. Never from argv.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The address that requests go to: `flag` and OTEL_EXPORTER_OTLP_ENDPOINT are the base of it, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is all
 * of it (OpenTelemetry's specification of the OTLP exporter). @throws invalid_input
 */
export function otlpEndpoint(flag: string | undefined, env: Environment): URL {
  const whole = flag === undefined ? given(env['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT']) : undefined;
  const text = flag ?? whole ?? given(env['OTEL_EXPORTER_OTLP_ENDPOINT']);
  if (text === undefined) {
    throw new TokentrayError('invalid_input', 'no collector is named', {
      advice: 'Say where it is: --otlp-endpoint https://collector.example:4318, or OTEL_EXPORTER_OTLP_ENDPOINT',
    });
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TokentrayError('invalid_input', `${quote(text)} is no http(s) address of a collector`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TokentrayError('invalid_input', 'an address is no place for a password', {
      advice: 'Put it into a header: OTEL_EXPORTER_OTLP_HEADERS or --otlp-headers-file.',
    });
  }
  if (whole === undefined) url.pathname = `${url.pathname.replace(/\/+$/u, '')}/v1/logs`;
  url.hash = '';
  return url;
}

/** `name=value` pairs, values percent-encoded, as the exporters' variable has them. @throws invalid_input */
export function headersFromEnvironment(env: Environment): Record<string, string> {
  const text = given(env['OTEL_EXPORTER_OTLP_LOGS_HEADERS']) ?? given(env['OTEL_EXPORTER_OTLP_HEADERS']) ?? '';
  return checked(
    text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const [name = '', ...rest] = pair.split('=');
        return [name.trim(), decoded(rest.join('=').trim())] as const;
      }),
    'OTEL_EXPORTER_OTLP_HEADERS',
  );
}

/** Lines of `Name: value`; `#` begins a line that is for people. @throws invalid_input */
export function headersFromFile(content: string): Record<string, string> {
  return checked(
    content
      .split(/\r?\n/u)
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()] as const;
      }),
    'the file of headers',
  );
}

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/u;
/** What the request decides itself. */
const ours = new Set(['content-type', 'content-length', 'host', 'connection', 'transfer-encoding', 'expect']);

function checked(pairs: ReadonlyArray<readonly [string, string]>, source: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs) {
    // The value may be a credential: it is not quoted in the message.
    if (!token.test(name) || !/^[\x20-\x7e]{1,8192}$/u.test(value) || ours.has(name.toLowerCase())) {
      throw new TokentrayError('invalid_input', `${source} has a header that cannot be sent: ${quote(name, 40)}`);
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const given = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === '' ? undefined : value.trim();
