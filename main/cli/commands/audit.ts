// `tokentray audit`: what happened, whether that record is as it was written, and copies of it for other programs.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEntry } from '../../../preload/contract.ts';
import { lineFormats } from '../../audit/export.ts';
import { headersFromEnvironment, headersFromFile, otlpEndpoint } from '../../audit/otlp-place.ts';
import { sendOtlp } from '../../audit/otlp.ts';
import type { ControlClient } from '../../control/client.ts';
import { TokentrayError } from '../../errors.ts';
import { createOutbound } from '../../net/outbound.ts';
import type { Clock, Log } from '../../ports.ts';
import { quote } from '../../quote.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { shown, shownTime, table } from '../terminal.ts';

const pageSize = 500;
const otlpBatch = 250;
const followMs = 1_000;

interface Filter {
  readonly server?: string;
  readonly agent?: string;
  readonly kind?: string;
  readonly since?: number;
}

export const command = defineCommand({
  name: 'audit',
  summary: 'List, verify and export what happened',
  usage: [
    'audit list [filters] [--limit <rows>] [--follow]',
    'audit verify',
    'audit export --format jsonl|csv|otlp [filters] [-o <file>] [--otlp-endpoint <url>]',
  ],
  about: `Every sign-in, token, approval, denial, tool call, revocation and change of settings is a row; each carries the hash of the one before
it, and signatures by a key in the vault vouch for them. verify names the first row that is not as it was written; exit code 1 then.
For a collector of OpenTelemetry logs, headers (a token) come from OTEL_EXPORTER_OTLP_HEADERS or --otlp-headers-file, never from
the command line.`,
  examples: [
    'tokentray audit list --server linear --since 24h',
    'tokentray audit verify',
    'tokentray audit export --format csv -o audit.csv',
    'tokentray audit export --format otlp --otlp-endpoint http://127.0.0.1:4318 --since 7d',
  ],
  options: {
    server: { type: 'string', value: 'name', help: 'Only of this server' },
    agent: { type: 'string', value: 'name', help: 'Only of this agent' },
    kind: { type: 'string', value: 'kind', help: 'Only of this kind, like tool-call or approved' },
    since: { type: 'string', value: 'time', help: 'Only from then on: 30m, 24h, 7d, or a date like 2026-01-31' },
    limit: { type: 'string', value: 'rows', help: 'list: how many at most, 50 otherwise' },
    follow: { type: 'boolean', help: 'list: go on with what comes, until Ctrl-C' },
    format: { type: 'string', value: 'format', help: 'export: jsonl, csv or otlp' },
    output: { type: 'string', short: 'o', value: 'file', help: 'export: write there instead of to stdout' },
    'otlp-endpoint': { type: 'string', value: 'url', help: 'export: the collector; /v1/logs is added' },
    'otlp-headers-file': { type: 'string', value: 'file', help: 'export: lines of "Name: value" for the collector' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ values, words: [what], session }) {
    const filter: Filter = {
      ...(values.server === undefined ? {} : { server: values.server }),
      ...(values.agent === undefined ? {} : { agent: values.agent }),
      ...(values.kind === undefined ? {} : { kind: values.kind }),
      ...(values.since === undefined ? {} : { since: sinceWhen(values.since, Date.now()) }),
    };
    switch (what) {
      case 'list':
        return list(session, filter, rowLimit(values.limit), values.follow === true);
      case 'verify':
        return verify(session);
      case 'export':
        switch (values.format) {
          case 'jsonl':
          case 'csv':
            return toFile(session, filter, values.format, values.output);
          case 'otlp':
            return toCollector(session, filter, values['otlp-endpoint'], values['otlp-headers-file']);
          default:
            throw new UsageError('audit export needs --format jsonl, csv or otlp');
        }
      default:
        throw new UsageError(`audit takes list, verify or export, not ${quote(what, 40)}`);
    }
  },
});

/** Milliseconds since the epoch. @throws UsageError */
export function sinceWhen(text: string, now: number): number {
  const [, digits, unit = ''] = /^(\d{1,6})(m|h|d)$/u.exec(text) ?? [];
  const length = { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  if (digits !== undefined && length !== undefined) return now - Number(digits) * length;
  const date = /^\d{4}-\d{2}-\d{2}/u.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new UsageError('--since takes a time like 30m, 24h, 7d or 2026-01-31');
  return date;
}

function rowLimit(text = '50'): number {
  const limit = /^\d{1,6}$/u.test(text) ? Number(text) : 0;
  if (limit < 1) throw new UsageError('--limit takes a number of rows');
  return limit;
}

// list ----------------------------------------------------------------------------------------------------------------

async function list(session: Session, filter: Filter, limit: number, follow: boolean): Promise<ExitCode> {
  const { terminal, json, signal } = session;
  const { audit } = await session.broker();
  const newest: AuditEntry[] = [];
  for (let before: number | undefined; newest.length < limit;) {
    const { items, next } = await audit.list({
      ...filter,
      ...(before === undefined ? {} : { before }),
      limit: Math.min(pageSize, limit - newest.length),
    });
    newest.push(...items);
    if (next === null) break;
    before = next;
  }
  // The newest at the end, where a terminal shows it.
  const rows = newest.toReversed();
  if (json) for (const row of rows) terminal.data(JSON.stringify(row));
  else if (rows.length === 0 && !follow) terminal.say('Nothing of that kind has happened yet.');
  else terminal.data(table(headings, rows.map(cells)));
  if (!follow) return exitCodes.ok;
  for (let after = rows.at(-1)?.seq ?? 0; !signal.aborted;) {
    const { items } = await audit.list({ ...filter, after, limit: pageSize });
    for (const row of items) terminal.data(json ? JSON.stringify(row) : cells(row).join('  '));
    after = items.at(-1)?.seq ?? after;
    if (items.length < pageSize) await sleep(followMs, undefined, { signal }).catch(() => undefined);
  }
  return exitCodes.ok;
}

const headings = ['ROW', 'TIME', 'KIND', 'SERVER', 'ACCOUNT', 'AGENT', 'DETAIL'];

const cells = (row: AuditEntry): string[] => [
  String(row.seq),
  shownTime(Math.min(Math.max(row.at, 0), 8.64e15)),
  shown(row.kind),
  row.server === null ? '-' : shown(row.server),
  row.account === null ? '-' : shown(row.account),
  row.agent === null ? '-' : shown(row.agent),
  Object.entries(row.detail)
    .map(([name, value]) => `${shown(name)}=${shown(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(' '),
];

// verify --------------------------------------------------------------------------------------------------------------

async function verify(session: Session): Promise<ExitCode> {
  const { terminal, json, signal } = session;
  const broker = await session.broker();
  const found = await terminal.working('Checking every row', broker.audit.verify(undefined, { signal }));
  const intact = found.verdict === 'intact';
  if (json) terminal.data(JSON.stringify(found));
  else terminal.data(`${terminal.paint(intact ? 'green' : 'red', found.verdict, 'stdout')}: ${found.words}`);
  return intact ? exitCodes.ok : exitCodes.failure;
}

// export --------------------------------------------------------------------------------------------------------------

/** Oldest first, page by page: a large audit fills no memory. */
async function* everyRow(
  { audit }: ControlClient,
  filter: Filter,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<AuditEntry[], void, undefined> {
  for (let after: number | null = -1; after !== null && !signal.aborted;) {
    const page: { items: AuditEntry[]; next: number | null } = await audit.list({ ...filter, after, limit });
    if (page.items.length > 0) yield page.items;
    after = page.next;
  }
}

async function toFile(
  session: Session,
  filter: Filter,
  format: 'jsonl' | 'csv',
  output: string | undefined,
): Promise<ExitCode> {
  const { terminal, json, signal } = session;
  const broker = await session.broker();
  const { head, line } = lineFormats[format];
  let rows = 0;
  async function* lines(): AsyncGenerator<string, void, undefined> {
    if (head !== '') yield head;
    for await (const page of everyRow(broker, filter, pageSize, signal)) {
      rows += page.length;
      yield page.map(line).join('');
    }
  }
  if (output === undefined) {
    for await (const text of lines()) terminal.data(text.replace(/\n$/u, ''));
    return signal.aborted ? exitCodes.failure : exitCodes.ok;
  }
  try {
    // For this user only: what agents did is nobody else's business.
    const file = createWriteStream(output, { mode: 0o600 });
    const done = finished(file);
    done.catch(() => undefined);
    for await (const text of lines()) {
      if (!file.write(text)) await Promise.race([once(file, 'drain'), done]);
    }
    file.end();
    await done;
  } catch (cause) {
    if (cause instanceof TokentrayError) throw cause;
    throw new TokentrayError('invalid_input', `${quote(output)} cannot be written`, { attempted: 'export', cause });
  }
  if (json) terminal.data(JSON.stringify({ file: output, rows }));
  else terminal.say(`${rows} rows are in ${output}.`);
  return signal.aborted ? exitCodes.failure : exitCodes.ok;
}

async function toCollector(
  session: Session,
  filter: Filter,
  endpointFlag: string | undefined,
  headersFile: string | undefined,
): Promise<ExitCode> {
  const { terminal, json, env, signal } = session;
  const endpoint = otlpEndpoint(endpointFlag, env);
  const headers = {
    ...headersFromEnvironment(env),
    ...(headersFile === undefined ? {} : headersFromFile(await shortFile(headersFile))),
  };
  const broker = await session.broker();
  const outbound = createOutbound({ log: silent, env });
  const target = {
    endpoint,
    headers,
    http: outbound.oauthFetch({ server: endpoint, allowHttp: false }),
    clock,
    signal,
  };
  let accepted = 0;
  let rejected = 0;
  try {
    for await (const rows of everyRow(broker, filter, otlpBatch, signal)) {
      const sent = await terminal.working(`Sending row ${rows[0]?.seq ?? 0}`, sendOtlp(target, rows));
      accepted += sent.accepted;
      rejected += sent.rejected;
      if (sent.message !== null) terminal.say(`The collector says: ${quote(sent.message)}`);
    }
  } finally {
    await outbound.close();
  }
  if (json) terminal.data(JSON.stringify({ accepted, rejected }));
  else terminal.say(`The collector took ${accepted} rows${rejected === 0 ? '' : ` and rejected ${rejected}`}.`);
  return rejected > 0 || signal.aborted ? exitCodes.failure : exitCodes.ok;
}

const longestFile = 65_536;

async function shortFile(path: string): Promise<string> {
  try {
    let text = '';
    for await (const chunk of createReadStream(path, { encoding: 'utf8', end: longestFile - 1 })) text += String(chunk);
    return text;
  } catch (cause) {
    throw new TokentrayError('invalid_input', `${quote(path)} cannot be read`, {
      attempted: 'read the headers',
      cause,
    });
  }
}

/** Unlike the broker's, a timer here keeps the process: it is what is waited for. */
const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silent,
};
