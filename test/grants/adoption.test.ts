// The database is lost, the vault is not: its grants are offered, and work again once they are taken up.
import { describe, expect, it } from 'vitest';
import { memoryVault } from '../../main/vault/memory.ts';
import { secret } from '../../main/secret.ts';
import { createGrants } from '../../main/grants/grants.ts';
import { openStore } from '../../main/store/open.ts';
import { createLog } from '../../main/log/log.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import { defaultGrantConfig } from '../../main/grants/deps.ts';
import { world, type World } from './fixture.ts';

/** Grants over the same vault, with an empty database. */
function afterLoss(w: World) {
  const log = createLog({ level: 'error', write: (line) => w.log.push(line), clock: w.clock });
  const { store } = openStore({ file: ':memory:', log, clock: w.clock });
  const { oauthFetch } = createOutbound({ log, env: {} });
  return createGrants({
    clock: w.clock,
    random: () => 0.5,
    log,
    store,
    vault: w.vault,
    openUrl: w.browser.openUrl,
    oauthFetch,
    config: { ...defaultGrantConfig, callbackPort: 0 },
  });
}

describe('grants that only the vault still knows', () => {
  it('are offered, taken up on request, and refresh as before', async () => {
    await using w = await world();
    await w.signIn();
    const grants = afterLoss(w);
    expect(grants.list()).toEqual([]);
    const [offered] = await grants.adoptable();
    expect(offered).toMatchObject({ server: 'demo', url: w.server.url, issuer: w.authorizationServer.issuer });
    expect(JSON.stringify(offered)).not.toMatch(/refresh_token/u);

    const view = await grants.adopt(offered?.id ?? '');
    expect(view).toMatchObject({ server: 'demo', state: { kind: 'connected' }, registration: 'dcr' });
    const { access_token } = await grants.accessToken('demo');
    const verdict = await w.authorizationServer.verifyAccessToken(access_token.reveal(), w.server.resource);
    expect(verdict.active).toBe(true);
    expect(await grants.adoptable()).toEqual([]);
    await grants.close();
  });

  it('are not offered over a server of the same name with another address', async () => {
    await using w = await world();
    await w.signIn();
    const grants = afterLoss(w);
    await grants.addServer({ name: 'demo', url: 'https://elsewhere.example/mcp' });
    expect(await grants.adoptable()).toEqual([]);
  });

  it('do not vanish because one item cannot be read', async () => {
    const vault = memoryVault();
    await using w = await world({ vault });
    await w.signIn();
    await vault.write({ kind: 'grant', id: 'broken', label: 'broken' }, secret('{'));
    const grants = afterLoss(w);
    expect(await grants.adoptable()).toHaveLength(1);
    expect(await vault.read({ kind: 'grant', id: 'broken' })).not.toBeNull();
  });
});
