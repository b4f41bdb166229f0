// What a person revokes lends nothing from that moment on, however long its provider takes to answer, and is told at once.
import { describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { deferred } from '../support/deferred.ts';
import { eventually } from '../support/eventually.ts';
import { world } from './fixture.ts';

const revokedHere = { kind: 'needs-sign-in', because: 'revoked-here' };

describe('a grant that is being revoked', () => {
  it('is told as revoked and lends nothing while its provider has not answered yet', async () => {
    await using w = await world();
    await w.signIn();
    expect(await w.call()).toBe(200);
    const told: unknown[] = [];
    w.grants.onChange(({ state }) => told.push(state));
    const provider = deferred();
    const fault = w.authorizationServer.fault({ endpoint: 'revocation', when: 'before', until: provider.promise });
    const revoking = w.grants.revoke('demo');
    await eventually(() => fault.hits() > 0);
    expect(told).toMatchObject([revokedHere]);
    expect(w.grants.state('demo')).toMatchObject(revokedHere);
    const needed = { code: 'needs_sign_in', facts: { because: 'revoked-here' } };
    await expect(w.call()).rejects.toMatchObject(needed);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject(needed);
    provider.resolve();
    expect(await revoking).toMatchObject({ confirmed: true, forgottenHere: true });
    expect(w.grants.state('demo')).toMatchObject(revokedHere);
    await w.signIn();
    expect(await w.call()).toBe(200);
  });

  it('goes on, and says so, where the vault does not give what would have to be revoked', async () => {
    const vault = memoryVault();
    let silent = false;
    const moody: typeof vault = {
      ...vault,
      read: (ref) =>
        silent && ref.kind === 'grant'
          ? Promise.reject(new TokentrayError('vault_unavailable', 'it does not answer'))
          : vault.read(ref),
    };
    await using w = await world({ vault: moody });
    await w.signIn();
    const told: string[] = [];
    w.grants.onChange(({ state }) => told.push(state.kind));
    silent = true;
    await expect(w.grants.revoke('demo')).rejects.toMatchObject({ code: 'vault_unavailable' });
    expect(told).toEqual(['needs-sign-in', 'connected']);
    expect(await w.call()).toBe(200);
  });

  it('is nothing to tell of where nobody was signed in', async () => {
    await using w = await world();
    const told: unknown[] = [];
    w.grants.onChange(({ state }) => told.push(state));
    expect(await w.grants.revoke('demo')).toMatchObject({ forgottenHere: false });
    expect(told).toEqual([]);
  });
});
