// Whoever clears a cache reads what was dropped, and why a registration is still there.
import { expect, it } from 'vitest';
import { clearedCacheWords } from '../../renderer/server/cleared-cache-words.ts';

const kept = { neededByGrant: 0, signInUnderWay: 0, preRegistered: 0 };

it('says what was dropped, and only that when nothing was kept', () => {
  expect(clearedCacheWords({ documents: 2, accessTokens: 1, registrations: 0, registrationsKept: kept })).toBe(
    '2 documents, 1 access token, 0 registrations dropped',
  );
});

it('says why each kept registration is still there', () => {
  const registrationsKept = { neededByGrant: 1, signInUnderWay: 2, preRegistered: 1 };
  expect(clearedCacheWords({ documents: 0, accessTokens: 0, registrations: 0, registrationsKept })).toBe(
    '0 documents, 0 access tokens, 0 registrations dropped; 1 registration kept for a living grant; 2 registrations kept for a sign-in under way; 1 registration of your own kept',
  );
});
