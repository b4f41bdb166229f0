// Sign-ins that only memory held say that they are gone at once, and what another vault holds is not taken for lost.
import { describe, expect, it } from 'vitest';
import { createGrants } from '../../main/grants/grants.ts';
import { defaultGrantConfig } from '../../main/grants/deps.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { silent } from '../support/silent.ts';
import { world, type World } from './fixture.ts';

const lost = { kind: 'needs-sign-in', because: 'lost-from-vault' };

describe('a vault that has dropped what memory held', () => {
  it('leaves grants that need a sign-in, and says how many; once', async () => {
    await using w = await world();
    await w.signIn();
    const told: unknown[] = [];
    w.grants.onChange(({ state }) => told.push(state));
    expect(w.grants.secretsDropped()).toBe(1);
    expect(w.grants.state('demo')).toMatchObject(lost);
    expect(told).toMatchObject([lost]);
    expect(w.grants.secretsDropped()).toBe(0);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ facts: { because: 'lost-from-vault' } });
    await w.signIn();
    expect(w.grants.state('demo').kind).toBe('connected');
  });
});

describe('a broker with the memory vault, in a session without the keychain', () => {
  it('says at once that it has not what the keychain holds, and leaves the grant as it is there', async () => {
    await using w = await world();
    await w.signIn();
    const outbound = createOutbound({ log: silent, env: {} });
    const elsewhere = grantsOver(w, outbound);
    await w.clock.settle();
    expect(elsewhere.state('demo')).toMatchObject(lost);
    await expect(elsewhere.accessToken('demo')).rejects.toMatchObject({ facts: { because: 'lost-from-vault' } });
    await elsewhere.close();
    await outbound.close();
    const back = w.restart();
    await w.clock.settle();
    expect(back.state('demo').kind).toBe('connected');
    expect((await back.accessToken('demo')).access_token.reveal()).not.toBe('');
  });
});

function grantsOver(w: World, outbound: ReturnType<typeof createOutbound>) {
  return createGrants({
    clock: w.clock,
    random: () => 0.5,
    log: silent,
    store: w.store,
    vault: memoryVault(),
    openUrl: w.browser.openUrl,
    oauthFetch: outbound.oauthFetch,
    config: { ...defaultGrantConfig, callbackPort: 0 },
  });
}
