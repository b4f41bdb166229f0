// One connection to the database: prepared statements, nested transactions, and how durable a write must be.
import { TokentrayError } from '../errors.ts';
import { explaining } from './sqlite.ts';
import type { Database, Input, Row } from './sqlite.ts';

export interface Connection {
  all(sql: string, ...values: Input[]): Row[];
  get(sql: string, ...values: Input[]): Row | null;
  /** The number of rows that changed. */
  run(sql: string, ...values: Input[]): number;
  /** All of it or none; inside another transaction, a part that can be undone alone. */
  transaction<T>(work: () => T): T;
  /** For writes whose loss in a power cut costs nothing: they are not waited for on the disk. */
  relaxed<T>(work: () => T): T;
  close(): void;
}

export function connect(db: Database): Connection {
  const statements = new Map<string, ReturnType<Database['prepare']>>();
  let depth = 0;

  function prepared(sql: string): ReturnType<Database['prepare']> {
    const known = statements.get(sql);
    if (known) return known;
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  function undo(point: string): void {
    try {
      db.exec(depth === 0 ? 'ROLLBACK' : `ROLLBACK TO ${point}; RELEASE ${point}`);
    } catch {
      // A full disk or an I/O error has rolled back already (sqlite.org/lang_transaction.html); the first error is the one to tell.
    }
  }

  return {
    all: (sql, ...values) => explaining('read the database', () => prepared(sql).all(...values)),
    get: (sql, ...values) => explaining('read the database', () => prepared(sql).get(...values) ?? null),
    run: (sql, ...values) => explaining('write the database', () => Number(prepared(sql).run(...values).changes)),

    transaction(work) {
      return explaining('write the database', () => {
        const point = `level_${depth}`;
        db.exec(depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${point}`);
        depth += 1;
        try {
          const value = work();
          if (value instanceof Promise) {
            throw new TokentrayError('internal', 'A transaction cannot wait: its work must be synchronous.');
          }
          depth -= 1;
          db.exec(depth === 0 ? 'COMMIT' : `RELEASE ${point}`);
          return value;
        } catch (error) {
          depth = Number(point.slice('level_'.length));
          undo(point);
          throw error;
        }
      });
    },

    relaxed(work) {
      // Inside a transaction the whole is as durable as its strictest part; SQLite refuses to change it there anyway.
      if (depth > 0) return work();
      db.exec('PRAGMA synchronous = NORMAL');
      try {
        return work();
      } finally {
        db.exec('PRAGMA synchronous = FULL');
      }
    },

    close: () => db.close(),
  };
}
