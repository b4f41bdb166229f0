// A question names whose account it is in the words that the list of accounts has for it, whatever the provider said of them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aboutGrant } from '../../main/access/about-grant.ts';
import { shownIdentity } from '../../main/grants/identity.ts';
import type { GrantIdentity, Store } from '../../main/store/types.ts';
import { grantRow, open, registrationRow, serverRow } from '../store/fixture.ts';

let store: Store;
beforeEach(() => {
  store = open().store;
  store.servers.add(serverRow());
  store.registrations.put(registrationRow());
});
afterEach(() => store.close());

const nobody = { issuer: 'https://as.example/', sub: 'carol', name: null, email: null, preferred_username: null };
const signedInAs = (said: Partial<GrantIdentity>): string | null => {
  const identity: GrantIdentity = { ...nobody, from: 'userinfo', ...said };
  store.grants.put(grantRow('g1', { identity }));
  const { identity: shown } = aboutGrant(store, 'linear', 'default');
  expect(shown).toBe(shownIdentity(identity));
  return shown;
};

describe('what is told of a grant before an agent may use it', () => {
  it('is who signed in, by the subject where the provider gives nothing better', () => {
    expect(signedInAs({})).toBe('carol');
  });
  it('is who signed in, by what says most to a person', () => {
    expect(signedInAs({ email: 'carol@example.com', name: 'Carol' })).toBe('carol@example.com');
  });
  it('is nobody where nobody is known', () => {
    store.grants.put(grantRow());
    expect(aboutGrant(store, 'linear', 'default').identity).toBeNull();
  });
});
