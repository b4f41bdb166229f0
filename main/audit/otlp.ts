// Rows of the audit as OpenTelemetry log records in OTLP's JSON encoding (opentelemetry.io/docs/specs/otlp), and one request with them.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { Clock, Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import { version } from '../version.ts';
import type { AuditEntry } from './types.ts';

type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } }
  | { kvlistValue: { values: KeyValue[] } };
interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

// Severity numbers of the logs data model.
const severities = { info: [9, 'INFO'], warn: [13, 'WARN'], error: [17, 'ERROR'] } as const;

/** What went wrong or was refused stands out; what shows that somebody wrote to the audit itself most of all. */
function severity({ kind, detail }: AuditEntry): (typeof severities)[keyof typeof severities] {
  if (kind.startsWith('audit-')) return severities.error;
  const outcome = detail['outcome'];
  const failed = kind.endsWith('-failed') || kind === 'grant-ended' || kind === 'panic' || kind === 'denied';
  if (failed || kind === 'rule-hit' || outcome === 'error' || outcome === 'failed') return severities.warn;
  return severities.info;
}

/** The mapping of values: 64-bit integers are strings in JSON, null is left out. */
function anyValue(value: unknown): AnyValue | null {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    case 'object':
      if (value === null) return null;
      return Array.isArray(value)
        ? { arrayValue: { values: value.flatMap((item) => anyValue(item) ?? []) } }
        : { kvlistValue: { values: keyValues(Object.entries(value)) } };
    default:
      return null;
  }
}

function keyValues(entries: Iterable<readonly [string, unknown]>): KeyValue[] {
  return [...entries].flatMap(([key, item]) => {
    const value = anyValue(item);
    return value === null ? [] : [{ key, value }];
  });
}

const nanoseconds = (millis: number): string => String(BigInt(Math.max(0, Math.trunc(millis))) * 1_000_000n);

function logRecord(row: AuditEntry, observedAt: number): object {
  const [severityNumber, severityText] = severity(row);
  return {
    timeUnixNano: nanoseconds(row.at),
    observedTimeUnixNano: nanoseconds(observedAt),
    severityNumber,
    severityText,
    eventName: `tokentray.${row.kind}`,
    body: { stringValue: row.kind },
    attributes: keyValues([
      ['tokentray.audit.seq', row.seq],
      ['tokentray.audit.hash', row.hash],
      ['tokentray.audit.previous', row.previous],
      ['tokentray.server', row.server],
      ['tokentray.account', row.account],
      ['tokentray.agent', row.agent],
      ...Object.entries(row.detail).map(([name, value]) => [`tokentray.detail.${name}`, value] as const),
    ]),
  };
}

/** An `ExportLogsServiceRequest`. @param observedAt when it is sent, in milliseconds since the epoch */
export function otlpRequest(rows: readonly AuditEntry[], observedAt: number): object {
  return {
    resourceLogs: [
      {
        resource: {
          attributes: keyValues([
            ['service.name', 'tokentray'],
            ['service.version', version],
          ]),
        },
        scopeLogs: [
          {
            scope: { name: 'tokentray.audit', version },
            logRecords: rows.map((row) => logRecord(row, observedAt)),
          },
        ],
      },
    ],
  };
}

// The collector's side of it. `rejectedLogRecords` is 64 bits long, so it may come as a string.
const answerSchema = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: z.union([z.string().regex(/^\d{1,19}$/u), z.int().min(0)]).optional(),
      errorMessage: z.string().max(65_536).optional(),
    })
    .optional(),
});

/** OTLP/HTTP: these may be tried again, everything else may not. */
const retryable = new Set([429, 502, 503, 504]);
const attempts = 6;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
const timeoutMs = 10_000;

export interface OtlpTarget {
  readonly endpoint: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Goes to that one place only, follows no redirect, reads small answers. */
  readonly http: Fetch;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface Sent {
  readonly accepted: number;
  readonly rejected: number;
  /** The collector's words about what it rejected. */
  readonly message: string | null;
}

/** Sends one batch, again and later where the collector says so. @throws unreachable, unreadable_answer, invalid_input */
export async function sendOtlp(target: OtlpTarget, rows: readonly AuditEntry[]): Promise<Sent> {
  const { clock, signal } = target;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await once(target, JSON.stringify(otlpRequest(rows, clock.now())), rows.length);
    if (outcome.kind === 'sent') return outcome.sent;
    if (attempt >= attempts) throw outcome.error;
    const pause = outcome.afterMs ?? firstPauseMs * 2 ** (attempt - 1);
    await later(clock, Math.min(pause, longestPauseMs), signal);
  }
}

type Outcome =
  | { readonly kind: 'sent'; readonly sent: Sent }
  | { readonly kind: 'later'; readonly afterMs: number | null; readonly error: unknown };

async function once(
  { endpoint, headers, http, clock, signal }: OtlpTarget,
  body: string,
  rows: number,
): Promise<Outcome> {
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  let response: Response;
  let text: string;
  try {
    response = await http(endpoint, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      signal: signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]),
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted === true) throw interrupted();
    if (cause instanceof TokentrayError && cause.retry === 'never') throw cause;
    const error = new TokentrayError('unreachable', `the collector at ${quote(endpoint.origin)} does not answer`, {
      attempted: 'send the audit',
      cause,
    });
    return { kind: 'later', afterMs: null, error };
  } finally {
    cancel();
  }
  if (response.ok) return { kind: 'sent', sent: readAnswer(text, rows) };
  const error = new TokentrayError(
    retryable.has(response.status) ? 'unreachable' : 'unreadable_answer',
    `the collector at ${quote(endpoint.origin)} answers ${response.status}${text === '' ? '' : ` ${quote(text)}`}`,
    { attempted: 'send the audit', facts: { status: response.status } },
  );
  if (!retryable.has(response.status)) throw error;
  return { kind: 'later', afterMs: retryAfter(response.headers.get('retry-after'), clock.now()), error };
}

/** A collector that answers 200 with anything else has taken it: the status is what counts. */
function readAnswer(text: string, rows: number): Sent {
  let parsed: unknown = {};
  try {
    parsed = JSON.parse(text);
  } catch {
    // An empty body, or one in another encoding.
  }
  const partial = answerSchema.safeParse(parsed).data?.partialSuccess;
  const rejected = Math.min(rows, Number(partial?.rejectedLogRecords ?? 0));
  return { accepted: rows - rejected, rejected, message: partial?.errorMessage ?? null };
}

/** Seconds or a date (RFC 9110 section 10.2.3), in milliseconds from now; null when it says nothing. */
function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/u.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function later(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(interrupted());
    }
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

const interrupted = (): TokentrayError =>
  new TokentrayError('unreachable', 'sending the audit was interrupted', { attempted: 'send the audit' });
