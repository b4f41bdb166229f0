// node:sqlite, loaded without its one warning: it prints "experimental" on the Node releases that we still support.
import { TokentrayError, isTokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

type Sqlite = typeof import('node:sqlite');
export type Database = import('node:sqlite').DatabaseSync;
type Value = import('node:sqlite').SQLOutputValue;
export type Input = import('node:sqlite').SQLInputValue;
export type Row = Record<string, Value>;

/** Loads the module; other warnings that come up meanwhile pass. */
export function loadSqlite(): Sqlite {
  const emit: typeof process.emitWarning = Reflect.get(process, 'emitWarning');
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const words = warning instanceof Error ? warning.message : warning;
    if (rest[0] === 'ExperimentalWarning' && words.startsWith('SQLite ')) return;
    Reflect.apply(emit, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emit;
  }
}

// SQLite's primary result codes (sqlite.org/rescode.html); the extended ones carry them in the low byte.
const result = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
};

/** The primary result code of an error of node:sqlite; null for any other error. */
function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

export const isDamage = (error: unknown): boolean =>
  [result.corrupt, result.notADatabase].includes(sqliteCode(error) ?? -1);

export const isConstraint = (error: unknown): boolean => sqliteCode(error) === result.constraint;

/** Runs `work` and gives SQLite's failures our words. Constraints pass: what they mean is known where the row is written. */
export function explaining<T>(attempted: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isTokentrayError(error) || isConstraint(error)) throw error;
    throw explained(error, attempted) ?? error;
  }
}

function explained(error: unknown, attempted: string): TokentrayError | null {
  const code = sqliteCode(error);
  if (code === null) return null;
  const words = quote(error instanceof Error ? error.message : String(error));
  switch (code) {
    case result.full:
      return new TokentrayError('store_full', 'The disk is full; the database was left as it was.', {
        attempted,
        advice: 'Make room on the disk and try again.',
        cause: error,
      });
    case result.corrupt:
    case result.notADatabase:
      return new TokentrayError('store_damaged', `The database is damaged: ${words}.`, {
        attempted,
        advice: 'Start Tokentray again: it sets the damaged file aside and offers what the vault still holds.',
        cause: error,
      });
    case result.busy:
    case result.locked:
    case result.readOnly:
    case result.ioError:
    case result.cannotOpen:
      return new TokentrayError('store_unavailable', `The database cannot be used: ${words}.`, {
        attempted,
        advice: 'Check the file and its folder, and that no other Tokentray is running.',
        cause: error,
      });
    default:
      return null;
  }
}
