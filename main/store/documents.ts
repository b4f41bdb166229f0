// The table of discovery documents: a cache, so losing it costs a request and nothing else.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { parseRow } from './rows.ts';
import type { CachedDocument, Store } from './types.ts';

const rowSchema = z
  .object({ url: z.string(), body: z.string(), fetched_at: z.int(), expires_at: z.int() })
  .transform(({ url, body, fetched_at, expires_at }): CachedDocument => ({
    url,
    body,
    fetchedAt: fetched_at,
    expiresAt: expires_at,
  }));

export function documentsTable(db: Connection): Store['documents'] {
  return {
    get(url) {
      const row = db.get('SELECT url, body, fetched_at, expires_at FROM documents WHERE url = ?', url);
      return row && parseRow('documents', rowSchema, row);
    },
    put(document) {
      db.relaxed(() =>
        db.run(
          `INSERT INTO documents (url, origin, body, fetched_at, expires_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (url) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at,
             expires_at = excluded.expires_at`,
          document.url,
          originOf(document.url),
          document.body,
          document.fetchedAt,
          document.expiresAt,
        ),
      );
    },
    // By origin: the documents of an issuer or a server lie at several paths of it. Dropping one too many costs a request.
    drop(urls) {
      if (!urls) return db.run('DELETE FROM documents');
      const origins = new Set(urls.map(originOf));
      return db.transaction(() => {
        let dropped = 0;
        for (const origin of origins) dropped += db.run('DELETE FROM documents WHERE origin = ?', origin);
        return dropped;
      });
    },
  };
}

/** Of the address itself: whoever it was fetched for may stand before it, with a blank between. */
function originOf(key: string): string {
  const url = key.slice(key.lastIndexOf(' ') + 1);
  return URL.canParse(url) ? new URL(url).origin : url;
}
