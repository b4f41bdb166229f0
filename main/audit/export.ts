// Rows of the audit as lines of a file: JSON that keeps all that is hashed, and CSV that no spreadsheet runs.
import { csvRow } from '../control/csv.ts';
import type { AuditEntry } from './types.ts';

export interface LineFormat {
  readonly mediaType: string;
  readonly head: string;
  line(row: AuditEntry): string;
}

export const isoTime = (at: number): string => (Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at));

const columns = ['seq', 'time', 'kind', 'server', 'account', 'agent', 'detail', 'previous', 'hash'];

export const lineFormats: Readonly<Record<'jsonl' | 'csv', LineFormat>> = {
  jsonl: {
    mediaType: 'application/jsonl',
    head: '',
    line: ({ seq, at, ...rest }) => `${JSON.stringify({ seq, at, time: isoTime(at), ...rest })}\n`,
  },
  csv: {
    mediaType: 'text/csv; charset=utf-8',
    head: csvRow(columns),
    line: (row) =>
      csvRow([
        String(row.seq),
        isoTime(row.at),
        row.kind,
        row.server ?? '',
        row.account ?? '',
        row.agent ?? '',
        JSON.stringify(row.detail),
        row.previous,
        row.hash,
      ]),
  },
};

/** @param now milliseconds since the epoch */
export const exportName = (format: 'jsonl' | 'csv', now: number): string =>
  `tokentray-audit-${isoTime(now).slice(0, 10)}.${format}`;
