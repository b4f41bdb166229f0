// The table of servers: one row for each that the user added.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import { isConstraint } from './sqlite.ts';
import type { Row } from './sqlite.ts';
import type { ServerRow, ServerSettings, Store } from './types.ts';

// Defaults stand in for settings that came after the row was written.
const settingsSchema = z.object({
  signIn: z.enum(['ask', 'auto']).default('ask'),
  flow: z.enum(['authorization_code', 'client_credentials', 'id_jag', 'jwt_bearer']).default('authorization_code'),
  pinnedScopes: z.array(z.string()).nullable().default(null),
  removedScopes: z.array(z.string()).default([]),
  chosenIssuer: z.string().nullable().default(null),
  allowHttp: z.boolean().default(false),
  era: z
    .object({ kind: z.enum(['modern', 'legacy', 'legacy-sse']), seenAt: z.number() })
    .nullable()
    .default(null),
  openSince: z.number().nullable().optional(),
});

const rowSchema = z
  .object({
    name: z.string(),
    url: z.string(),
    added_at: z.int(),
    settings: z.preprocess(jsonOf, settingsSchema),
  })
  .transform(({ name, url, added_at, settings }): ServerRow => ({ name, url, addedAt: added_at, settings }));

const parse = (row: Row): ServerRow => parseRow('servers', rowSchema, row);

export function serversTable(db: Connection): Store['servers'] {
  const get = (name: string): ServerRow | null =>
    db.remembered(`servers ${name}`, () => {
      const row = db.get('SELECT * FROM servers WHERE name = ?', name);
      return row && parse(row);
    });

  return {
    list: () => db.all('SELECT * FROM servers ORDER BY name').map(parse),
    get,
    add(row) {
      try {
        db.run(
          'INSERT INTO servers (name, url, added_at, settings) VALUES (?, ?, ?, ?)',
          row.name,
          row.url,
          row.addedAt,
          stored(row.settings),
        );
      } catch (error) {
        if (!isConstraint(error)) throw error;
        throw get(row.name) ? nameTaken(row.name) : badName(row.name);
      }
    },
    update: (name, settings) =>
      db.transaction(() => {
        const before = get(name);
        if (!before) throw new TokentrayError('unknown_server', `There is no server named ${quote(name)}.`);
        const after: ServerSettings = { ...before.settings, ...settings };
        db.run('UPDATE servers SET settings = ? WHERE name = ?', stored(after), name);
      }),
    remove: (name) => db.run('DELETE FROM servers WHERE name = ?', name) > 0,
  };
}

/** Parsed on the way in too: what could not be read again is refused here and not found at the next start. */
function stored(settings: ServerSettings): string {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return JSON.stringify(parsed.data);
  throw new TokentrayError('invalid_input', 'These are not settings of a server.', {
    attempted: 'store the settings of a server',
    facts: { at: parsed.error.issues[0]?.path.map(String).join('.') ?? '' },
  });
}

function nameTaken(name: string): TokentrayError {
  return new TokentrayError('name_taken', `There is already a server named ${quote(name)}.`, {
    attempted: 'add a server',
    advice: 'Choose another name, or forget the other server first.',
  });
}

function badName(name: string): TokentrayError {
  return new TokentrayError('invalid_input', `${quote(name)} cannot be the name of a server.`, {
    attempted: 'add a server',
    advice: 'Use lower-case letters, digits and dashes, at most 64.',
  });
}
