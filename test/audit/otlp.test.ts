// What a collector of OpenTelemetry logs gets is OTLP as the specification has it, and goes nowhere else.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { headersFromEnvironment, headersFromFile, otlpEndpoint } from '../../main/audit/otlp-place.ts';
import { otlpRequest, sendOtlp } from '../../main/audit/otlp.ts';
import type { AuditEntry } from '../../main/audit/types.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import type { Outbound } from '../../main/net/outbound.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { startCollector } from '../support/otlp-collector.ts';
import type { Collector } from '../support/otlp-collector.ts';
import { recordingLog } from '../vault/recording-log.ts';

// opentelemetry-proto, logs/v1/logs.proto and common/v1/common.proto, in the JSON mapping of OTLP/HTTP: names in lower camel case,
// 64-bit integers as decimal strings, enumerations as numbers, no null, nothing unknown.
const uint64 = z.string().regex(/^(?:0|[1-9]\d{0,19})$/u);
const anyValue: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d{1,19}$/u) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(anyValue) }) }),
    z.strictObject({ kvlistValue: z.strictObject({ values: z.array(keyValue) }) }),
    z.strictObject({ bytesValue: z.base64() }),
  ]),
);
const keyValue = z.strictObject({ key: z.string().min(1), value: anyValue });
const scope = z.strictObject({ name: z.string(), version: z.string(), attributes: z.array(keyValue).optional() });
const logRecord = z.strictObject({
  timeUnixNano: uint64,
  observedTimeUnixNano: uint64,
  severityNumber: z.int().min(1).max(24),
  severityText: z.string(),
  eventName: z.string(),
  body: anyValue,
  attributes: z.array(keyValue),
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/u)
    .optional(),
  spanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/u)
    .optional(),
});
const exportRequest = z.strictObject({
  resourceLogs: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(keyValue) }),
      scopeLogs: z.array(z.strictObject({ scope, logRecords: z.array(logRecord) })),
    }),
  ),
});

const row = (seq: number, over: Partial<AuditEntry> = {}): AuditEntry => ({
  seq,
  at: 1_767_225_600_123,
  kind: 'tool-call',
  server: 'linear',
  account: 'work',
  agent: 'cursor',
  detail: {
    tool: 'create_issue',
    outcome: 'ok',
    ms: 12.5,
    requestBytes: 9_007_199_254_740_991,
    rotated: true,
    rule: null,
    list: ['a', 1, null],
    deep: { x: -1 },
  },
  previous: '0'.repeat(64),
  hash: 'ab'.repeat(32),
  ...over,
});

let collector: Collector;
let outbound: Outbound;
let clock: FakeClock;

beforeEach(async () => {
  collector = await startCollector();
  outbound = createOutbound({ log: recordingLog(), env: {} });
  clock = createFakeClock();
});

afterEach(async () => {
  await outbound.close();
  await collector.close();
});

function target(endpoint = otlpEndpoint(collector.url, {}), signal?: AbortSignal) {
  const http = outbound.oauthFetch({ server: endpoint, allowHttp: false });
  return { endpoint, headers: { authorization: 'Bearer canary' }, http, clock, signal };
}

describe('a row', () => {
  it('arrives as the specification has it: times in nanoseconds, 64-bit integers as strings, nothing unknown', async () => {
    expect(await sendOtlp(target(), [row(1), row(2, { kind: 'refresh-failed', agent: null })])).toEqual({
      accepted: 2,
      rejected: 0,
      message: null,
    });
    const [request] = collector.received;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/logs' });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer canary' });
    const [logs] = exportRequest.parse(request?.body).resourceLogs;
    expect(logs?.resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'tokentray' } });
    const [first, second] = logs?.scopeLogs[0]?.logRecords ?? [];
    expect(first).toMatchObject({
      timeUnixNano: '1767225600123000000',
      observedTimeUnixNano: '1767225600000000000',
      severityNumber: 9,
      severityText: 'INFO',
      eventName: 'tokentray.tool-call',
      body: { stringValue: 'tool-call' },
    });
    expect(Object.fromEntries((first?.attributes ?? []).map(({ key, value }) => [key, value]))).toEqual({
      'tokentray.audit.seq': { intValue: '1' },
      'tokentray.audit.hash': { stringValue: 'ab'.repeat(32) },
      'tokentray.audit.previous': { stringValue: '0'.repeat(64) },
      'tokentray.server': { stringValue: 'linear' },
      'tokentray.account': { stringValue: 'work' },
      'tokentray.agent': { stringValue: 'cursor' },
      'tokentray.detail.tool': { stringValue: 'create_issue' },
      'tokentray.detail.outcome': { stringValue: 'ok' },
      'tokentray.detail.ms': { doubleValue: 12.5 },
      'tokentray.detail.requestBytes': { intValue: '9007199254740991' },
      'tokentray.detail.rotated': { boolValue: true },
      'tokentray.detail.list': { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } },
      'tokentray.detail.deep': { kvlistValue: { values: [{ key: 'x', value: { intValue: '-1' } }] } },
    });
    expect(second).toMatchObject({ severityNumber: 13, severityText: 'WARN' });
    expect(second?.attributes.map(({ key }) => key)).not.toContain('tokentray.agent');
  });

  it('whose time is before all time is none of the protocol’s business', () => {
    const request = exportRequest.parse(otlpRequest([row(1, { at: -5 })], 0));
    expect(request.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.timeUnixNano).toBe('0');
  });
});

describe('a collector', () => {
  it('that says later gets it later, when it said', async () => {
    collector.answers.push({ status: 429, headers: { 'retry-after': '7' } }, { status: 503 });
    const first = collector.next();
    const sending = sendOtlp(target(), [row(1)]);
    await first;
    await expect.poll(() => clock.next()).toBe(clock.now() + 7_000);
    await clock.advance(6_999);
    expect(collector.received).toHaveLength(1);
    const second = collector.next();
    await clock.advance(1);
    await second;
    await expect.poll(() => clock.next()).toBe(clock.now() + 2_000);
    await clock.advance(2_000);
    expect(await sending).toMatchObject({ accepted: 1 });
    expect(collector.received).toHaveLength(3);
    expect(collector.received[2]?.body).toMatchObject({ resourceLogs: [{}] });
  });

  it('that gives a date is asked again then, and never waited for longer than a minute', async () => {
    collector.answers.push({
      status: 503,
      headers: { 'retry-after': new Date(clock.now() + 3_600_000).toUTCString() },
    });
    const sending = sendOtlp(target(), [row(1)]);
    await expect.poll(() => clock.next()).toBe(clock.now() + 60_000);
    await clock.advance(60_000);
    expect(await sending).toMatchObject({ accepted: 1 });
  });

  it('that never answers is given up in the end', async () => {
    collector.answers.push(...Array.from({ length: 10 }, () => null));
    const sending = sendOtlp(target(), [row(1)]);
    const failure = sending.catch((error: unknown) => error);
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await expect.poll(() => collector.received.length).toBe(attempt);
      await clock.advance(10_000);
      if (attempt === 6) break;
      const pause = 1_000 * 2 ** (attempt - 1);
      await expect.poll(() => clock.next()).toBe(clock.now() + pause);
      await clock.advance(pause);
    }
    expect(await failure).toMatchObject({ code: 'unreachable' });
    expect(collector.received).toHaveLength(6);
  });

  it.each([400, 401, 404, 500, 301])('that answers %s is not asked again, and its words are quoted', async (status) => {
    collector.answers.push({ status, headers: { location: 'http://127.0.0.1:9/' }, body: 'no\u202e such thing' });
    await expect(sendOtlp(target(), [row(1)])).rejects.toMatchObject({
      code: 'unreadable_answer',
      message: expect.stringContaining(`answers ${status}`),
    });
    expect(collector.received).toHaveLength(1);
  });

  it('that rejects a part says how much, and why', async () => {
    collector.answers.push({
      status: 200,
      body: '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}',
    });
    expect(await sendOtlp(target(), [row(1), row(2), row(3)])).toEqual({
      accepted: 1,
      rejected: 2,
      message: 'too old',
    });
    collector.answers.push({ status: 200, body: 'fine' });
    expect(await sendOtlp(target(), [row(1)])).toMatchObject({ accepted: 1 });
  });

  it('is let go of when the person gives up', async () => {
    collector.answers.push({ status: 503 });
    const abort = new AbortController();
    const sending = sendOtlp(target(undefined, abort.signal), [row(1)]);
    await expect.poll(() => clock.next()).toBe(clock.now() + 1_000);
    abort.abort();
    await expect(sending).rejects.toMatchObject({ code: 'unreachable' });
    expect(clock.pending()).toBe(0);
  });

  it('in the network is reached over https only', async () => {
    const endpoint = otlpEndpoint('http://collector.example:4318', {});
    await expect(sendOtlp(target(endpoint), [row(1)])).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:insecure_url|unreachable)$/u),
    });
    const literal = otlpEndpoint('http://192.0.2.1:4318', {});
    await expect(sendOtlp(target(literal), [row(1)])).rejects.toMatchObject({ code: 'insecure_url' });
  });
});

const at = (flag: string | undefined, env: Record<string, string> = {}) => otlpEndpoint(flag, env).href;

describe('where it is', () => {
  it('is said by a flag or by the variables of OpenTelemetry', () => {
    expect(at('http://127.0.0.1:4318')).toBe('http://127.0.0.1:4318/v1/logs');
    expect(at('https://c.example/otlp/?x=1#y')).toBe('https://c.example/otlp/v1/logs?x=1');
    expect(at(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example' })).toBe('https://c.example/v1/logs');
    expect(at(undefined, { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://c.example/in' })).toBe('https://c.example/in');
    expect(at('https://d.example', { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://c.example/in' })).toBe(
      'https://d.example/v1/logs',
    );
  });

  it.each([undefined, 'collector', 'ftp://c.example', 'file:///etc/passwd', 'https://me:secret@c.example'])(
    'cannot be %s, and no password is repeated',
    (flag) => {
      expect(() => otlpEndpoint(flag, {})).toThrowError(expect.objectContaining({ code: 'invalid_input' }));
      expect(() => otlpEndpoint(flag, {})).not.toThrowError(/secret/u);
    },
  );

  it('is shown headers of a variable or a file, and none that are the request’s own', () => {
    expect(headersFromEnvironment({ OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a=b, x-team = blue' })).toEqual(
      {
        authorization: 'Bearer a=b',
        'x-team': 'blue',
      },
    );
    expect(
      headersFromEnvironment({ OTEL_EXPORTER_OTLP_HEADERS: 'a=1', OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'b=2' }),
    ).toEqual({ b: '2' });
    expect(headersFromFile('# mine\r\nAuthorization: Basic eDp5\n\nx: y: z\n')).toEqual({
      authorization: 'Basic eDp5',
      x: 'y: z',
    });
    for (const text of ['Host: evil', 'Content-Type: text/plain', 'no colon', 'a b: c', ': x']) {
      expect(() => headersFromFile(text)).toThrowError(expect.objectContaining({ code: 'invalid_input' }));
    }
    expect(() => headersFromEnvironment({ OTEL_EXPORTER_OTLP_HEADERS: 'a=canary%0d%0aHost:x' })).toThrowError(
      expect.objectContaining({ code: 'invalid_input', message: expect.not.stringContaining('canary') as unknown }),
    );
  });
});
