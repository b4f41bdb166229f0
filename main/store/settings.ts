// The table of settings: names and values of the whole profile.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { parseRow } from './rows.ts';
import type { Store } from './types.ts';

const rowSchema = z.object({ value: z.string() });

export function settingsTable(db: Connection): Store['settings'] {
  return {
    get: (key) =>
      db.remembered(`settings ${key}`, () => {
        const row = db.get('SELECT value FROM settings WHERE name = ?', key);
        return row && parseRow('settings', rowSchema, row).value;
      }),
    set(key, value) {
      db.run(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        key,
        value,
      );
    },
    drop: () => void db.run('DELETE FROM settings'),
  };
}
