// The catalogue is sound: addresses that can be added as they are, each with the provider's own page as its source.
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../main/catalogue/catalogue.ts';
import { checkedServer, defaultServerSettings } from '../../main/grants/server-settings.ts';
import { catalogueEntrySchema } from '../../preload/contract.ts';

/** Where a provider documents its server on another domain than the server's: both are the provider's. */
const documentedElsewhere: Record<string, string> = {
  deepwiki: 'devin.ai',
  github: 'github.com',
  neon: 'neon.com',
  sentry: 'sentry.io',
};
const domain = (url: string) => new URL(url).hostname.split('.').slice(-2).join('.');

describe('the catalogue', () => {
  it('has between 15 and 25 servers, in alphabetical order, each once', () => {
    const ids = catalogue.map(({ id }) => id);
    expect(ids.length).toBeGreaterThanOrEqual(15);
    expect(ids.length).toBeLessThanOrEqual(25);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(new Set(catalogue.map(({ url }) => url)).size).toBe(ids.length);
  });

  it.each(catalogue.map((entry) => [entry.id, entry] as const))('%s can be added as it is', (_id, entry) => {
    expect(catalogueEntrySchema.parse(entry)).toEqual(entry);
    expect(checkedServer(entry.id, entry.url, defaultServerSettings).name).toBe(entry.id);
    for (const url of [entry.url, entry.source]) expect(new URL(url).protocol).toBe('https:');
    expect(domain(entry.source)).toBe(documentedElsewhere[entry.id] ?? domain(entry.url));
  });

  it('says where to register exactly where that has to be done', () => {
    for (const { registration, registerAt } of catalogue) {
      expect(registerAt === null).toBe(registration === 'automatic');
    }
  });
});
