// One connection to the database: prepared statements, nested transactions, and how durable a write must be.
import { TokentrayError } from '../errors.ts';
import { explaining } from './sqlite.ts';
import type { Database, Input, Row } from './sqlite.ts';

export interface Connection {
  all(sql: string, ...values: Input[]): Row[];
  get(sql: string, ...values: Input[]): Row | null;
  /**
   * What `read` gives, remembered under `key` until anything is written: what every bridged request looks up is parsed once.
   * No other process writes: whoever holds the control socket's claim is the only one.
   */
  remembered<T>(key: string, read: () => T): T;
  /** The number of rows that changed. */
  run(sql: string, ...values: Input[]): number;
  /** All of it or none; inside another transaction, a part that can be undone alone. */
  transaction<T>(work: () => T): T;
  /** For writes whose loss in a power cut costs nothing: they are not waited for on the disk. */
  relaxed<T>(work: () => T): T;
  close(): void;
}

/** Keys that programs make up are looked up as well. */
const mostRemembered = 2_000;

export function connect(db: Database): Connection {
  const statements = new Map<string, ReturnType<Database['prepare']>>();
  const memory = new Map<string, unknown>();
  let depth = 0;

  /** Also before a write: one that fails half-way may have changed what can be read. */
  function writing<T>(write: () => T): T {
    memory.clear();
    try {
      return write();
    } finally {
      memory.clear();
    }
  }

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
    // `INSERT … RETURNING` gives a row as well.
    get: (sql, ...values) => {
      const get = (): Row | null => explaining('read the database', () => prepared(sql).get(...values) ?? null);
      return sql.startsWith('SELECT') ? get() : writing(get);
    },
    run: (sql, ...values) =>
      writing(() => explaining('write the database', () => Number(prepared(sql).run(...values).changes))),

    remembered<T>(key: string, read: () => T): T {
      if (memory.has(key)) return memory.get(key) as T;
      const value = read();
      if (memory.size >= mostRemembered) memory.clear();
      memory.set(key, value);
      return value;
    },

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
        } finally {
          memory.clear();
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
