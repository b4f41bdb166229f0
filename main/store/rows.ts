// From a row of SQLite to a value of ours: every column is checked, and one that does not fit is damage, not a crash.
import type { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Row } from './sqlite.ts';

/** `row` as `schema` says. @throws store_damaged */
export function parseRow<T>(table: string, schema: z.ZodType<T>, row: Row): T {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  throw new TokentrayError('store_damaged', `A row of ${table} in the database is damaged at ${quote(where)}.`, {
    attempted: 'read the database',
    facts: { table },
  });
}

/** A column that holds JSON; text that is not JSON fails the schema behind it. */
export function jsonOf(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const flag = (value: boolean): number => (value ? 1 : 0);
