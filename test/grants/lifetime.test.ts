import { describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import type { GrantsOfUser } from '../../main/grants/grants.ts';
import type { SignInOptions, SignInResult } from '../../main/grants/types.ts';
import type { Clock, SecretStore } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { createBrowser } from '../support/browser.ts';
import { deferred } from '../support/deferred.ts';
import { eventually } from '../support/eventually.ts';
import { world, type World, type WorldOptions } from './fixture.ts';

const hour = 3_600_000;
const over = { kind: 'needs-sign-in', because: 'lifetime-over' };

async function signIn(w: World, options: SignInOptions = {}, grants: GrantsOfUser = w.grants): Promise<SignInResult> {
  const begun = await grants.signIn('demo', { openBrowser: false, ...options });
  await createBrowser().open(begun.url ?? '');
  return begun.done;
}

const secretsLeft = async (w: World): Promise<number> =>
  (await w.vault.list()).filter(({ kind }) => kind === 'grant').length;

/** A grant for an hour. */
async function bounded(options: WorldOptions = {}): Promise<World> {
  const w = await world(options);
  await signIn(w, { endsAt: w.clock.now() + hour });
  return w;
}

/** It has ended, and nothing of it is held any more. */
function isFinished(w: World): boolean {
  const row = w.store.grants.forServer('demo');
  return row?.endedBecause === 'lifetime-over' && !row.hasRefreshToken;
}

const revoked = (w: World): unknown => w.store.events.list({ kind: 'revoked' })[0]?.detail;

describe('a grant with an end', () => {
  it('says when it ends, and works until then', async () => {
    await using w = await world();
    const endsAt = w.clock.now() + hour;
    expect((await signIn(w, { endsAt })).endsAt).toBe(endsAt);
    expect(w.grants.view('demo').endsAt).toBe(endsAt);
    await w.clock.advance(hour - 1_000);
    expect(w.grants.state('demo').kind).toBe('connected');
    expect(await w.call()).toBe(200);
  });

  it('is over in that moment: nothing is lent any more, it is given back to the provider and gone from the vault', async () => {
    await using w = await bounded({ as: { accessTokenTtl: 86_400 } });
    const { access_token } = await w.grants.accessToken('demo');
    const told: unknown[] = [];
    w.grants.onChange(({ state }) => told.push(state));
    await w.clock.advance(hour);
    expect(w.grants.state('demo')).toMatchObject(over);
    expect(told[0]).toMatchObject(over);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({
      code: 'needs_sign_in',
      facts: { because: 'lifetime-over' },
    });
    await eventually(() => isFinished(w));
    expect(revoked(w)).toMatchObject({ because: 'lifetime-over', confirmed: true });
    expect(await secretsLeft(w)).toBe(0);
    const gone = await w.authorizationServer.verifyAccessToken(access_token.reveal(), null);
    expect(gone.active).toBe(false);
    expect(w.store.events.list({ kind: 'grant-ended' })).toMatchObject([{ detail: { because: 'lifetime-over' } }]);
  });

  it('is over where the provider revokes nothing too, and the receipt says what that means', async () => {
    await using w = await bounded({ as: { revocation: false } });
    await w.clock.advance(hour);
    await eventually(() => isFinished(w));
    expect(revoked(w)).toMatchObject({
      because: 'lifetime-over',
      confirmed: false,
      answers: expect.arrayContaining(['refresh_token: no-endpoint']) as unknown,
    });
    expect(await secretsLeft(w)).toBe(0);
    expect(w.grants.state('demo')).toMatchObject(over);
  });

  it('is over when the machine slept through the moment', async () => {
    await using w = await bounded();
    await w.clock.sleepMachine(10 * hour);
    expect(w.grants.state('demo')).toMatchObject(over);
    w.grants.woke();
    await eventually(() => isFinished(w));
    expect(revoked(w)).toMatchObject({ because: 'lifetime-over' });
  });

  it('is over after a restart in which the moment passed, without anybody asking', async () => {
    await using w = await bounded();
    await w.grants.close();
    await w.clock.advance(2 * hour);
    const again = w.restart();
    expect(again.state('demo')).toMatchObject(over);
    await eventually(() => isFinished(w));
    expect(await secretsLeft(w)).toBe(0);
    expect(revoked(w)).toMatchObject({ because: 'lifetime-over', confirmed: true });
  });

  it('ends after a restart before the moment, at the moment', async () => {
    await using w = await bounded();
    await w.grants.close();
    const again = w.restart();
    expect(again.state('demo').kind).toBe('connected');
    await w.clock.advance(hour);
    expect(again.state('demo')).toMatchObject(over);
    await eventually(() => isFinished(w));
    expect(await secretsLeft(w)).toBe(0);
  });

  it('opens no browser by itself when it is over: the person said that it ends', async () => {
    await using w = await bounded({
      add: (all, url) => all.addServer({ name: 'demo', url, settings: { signIn: 'auto' } }),
    });
    await w.clock.advance(hour);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ facts: { because: 'lifetime-over' } });
    expect(w.browser.visits).toHaveLength(0);
  });

  it('is begun anew by the person’s sign-in, which has no end unless it is given one', async () => {
    await using w = await bounded();
    await w.clock.advance(hour);
    await eventually(() => isFinished(w));
    expect(await secretsLeft(w)).toBe(0);
    expect((await signIn(w)).endsAt).toBeNull();
    await w.clock.advance(5 * hour);
    expect(w.grants.state('demo').kind).toBe('connected');
  });

  it('does not live longer by another sign-in or a step-up; only by the person’s own word', async () => {
    await using w = await bounded();
    const endsAt = w.grants.view('demo').endsAt;
    expect((await signIn(w, { scopes: ['mcp', 'admin'] })).endsAt).toBe(endsAt);
    expect((await signIn(w, { endsAt: null })).endsAt).toBeNull();
  });

  it('lets a sign-in that is under way at that moment start over, so that it inherits no end that has passed', async () => {
    await using w = await bounded({ config: { signInTimeoutMs: 10 * hour } });
    const begun = await w.grants.signIn('demo', { openBrowser: false });
    await w.clock.advance(hour);
    await expect(begun.done).rejects.toMatchObject({ code: 'sign_in_cancelled' });
  });

  it('gives back what a refresh brings that was on its way at that moment', async () => {
    await using w = await bounded({ as: { accessTokenTtl: 60 } });
    await w.clock.advance(hour - 1_000);
    const gate = deferred();
    const held = w.authorizationServer.fault({ endpoint: 'token', when: 'after', until: gate.promise });
    const pending = w.grants.accessToken('demo').catch((error: unknown) => error);
    await eventually(() => held.hits() === 1);
    await w.clock.advance(1_000);
    gate.resolve();
    expect(await pending).toMatchObject({ code: 'needs_sign_in', facts: { because: 'lifetime-over' } });
    await eventually(() => isFinished(w));
    expect(revoked(w)).toMatchObject({ because: 'lifetime-over', confirmed: true });
    expect(await secretsLeft(w)).toBe(0);
    for (const token of w.authorizationServer.issuedSecrets) {
      expect((await w.authorizationServer.verifyAccessToken(token, w.server.resource)).active).toBe(false);
    }
  });

  it('stays over when the vault is locked in that moment, and its secret goes as soon as it can', async () => {
    const real = memoryVault();
    let locked = false;
    const check = (): void => {
      if (locked) throw new TokentrayError('vault_locked', 'the vault is locked');
    };
    const vault: SecretStore = {
      ...real,
      async read(ref) {
        check();
        return real.read(ref);
      },
      async delete(ref) {
        check();
        return real.delete(ref);
      },
    };
    await using w = await bounded({ vault });
    locked = true;
    await w.clock.advance(hour);
    expect(w.grants.state('demo')).toMatchObject(over);
    expect(await secretsLeft(w)).toBe(1);
    locked = false;
    await w.clock.advance(61_000);
    await eventually(() => isFinished(w));
    expect(await secretsLeft(w)).toBe(0);
    expect(revoked(w)).toMatchObject({ because: 'lifetime-over', confirmed: true });
  });

  it('takes its end along when it is taken up again from the vault', async () => {
    await using w = await bounded();
    const endsAt = w.grants.view('demo').endsAt;
    await w.grants.close();
    const [row] = w.store.grants.list();
    w.store.grants.remove(row?.id ?? '');
    const again = w.restart();
    expect((await again.adopt(row?.id ?? ''))?.endsAt).toBe(endsAt);
    await w.clock.advance(hour);
    expect(again.state('demo')).toMatchObject(over);
  });
});

describe('a clock that is set back', () => {
  it('revives nothing, in this process or the next', async () => {
    await using w = await world();
    let back = 0;
    const clock: Clock = { now: () => w.clock.now() - back, after: w.clock.after };
    await w.grants.close();
    const first = w.restart(clock);
    await signIn(w, { endsAt: clock.now() + hour }, first);
    await w.clock.advance(hour);
    expect(first.state('demo')).toMatchObject(over);
    back = 48 * hour;
    expect(first.state('demo')).toMatchObject(over);
    await eventually(() => isFinished(w));
    expect(await secretsLeft(w)).toBe(0);
    await first.close();
    expect(w.restart(clock).state('demo')).toMatchObject(over);
  });

  it('lengthens nothing: the rest of the hour is what is left', async () => {
    await using w = await world();
    let back = 0;
    const clock: Clock = { now: () => w.clock.now() - back, after: w.clock.after };
    await w.grants.close();
    const grants = w.restart(clock);
    await signIn(w, { endsAt: clock.now() + hour }, grants);
    await w.clock.advance(hour / 2);
    back = 48 * hour;
    expect(grants.state('demo').kind).toBe('connected');
    expect(grants.view('demo').endsAt).toBeGreaterThan(clock.now());
    await w.clock.advance(hour / 2);
    expect(grants.state('demo')).toMatchObject(over);
  });
});

describe('setting an end later', () => {
  it('bounds a grant, moves its end and takes it away again, and history says so', async () => {
    await using w = await world();
    await w.signIn();
    const endsAt = w.clock.now() + hour;
    expect(w.grants.setEnd('demo', endsAt)).toMatchObject({ endsAt, state: { kind: 'connected' } });
    expect(w.grants.setEnd('demo', null).endsAt).toBeNull();
    await w.clock.advance(2 * hour);
    expect(w.grants.state('demo').kind).toBe('connected');
    w.grants.setEnd('demo', w.clock.now() + 1_000);
    await w.clock.advance(1_000);
    expect(w.grants.state('demo')).toMatchObject(over);
    expect(w.store.events.list({ kind: 'end-set' })).toHaveLength(3);
  });

  it('bounds one account and not the other', async () => {
    await using w = await world();
    await w.signIn();
    await signIn(w, { account: 'work' });
    w.grants.setEnd('demo', w.clock.now() + hour, 'work');
    await w.clock.advance(hour);
    expect(w.grants.state('demo').kind).toBe('connected');
    expect(w.grants.state('demo', 'work')).toMatchObject(over);
  });

  it.each([-1, 0, 11 * 365 * 24 * hour, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses an end that is none: %d ms from now',
    async (ms) => {
      await using w = await world();
      await w.signIn();
      const wrong = expect.objectContaining({ code: 'invalid_input' });
      expect(() => w.grants.setEnd('demo', w.clock.now() + ms)).toThrowError(wrong);
      await expect(w.grants.signIn('demo', { endsAt: w.clock.now() + ms })).rejects.toEqual(wrong);
      expect(w.grants.view('demo').endsAt).toBeNull();
    },
  );

  it('brings nothing back that is over', async () => {
    await using w = await bounded();
    await w.clock.advance(hour);
    expect(() => w.grants.setEnd('demo', w.clock.now() + hour)).toThrowError(
      expect.objectContaining({ code: 'needs_sign_in' }),
    );
  });
});

describe('a server without a browser', () => {
  it('gets no token by itself after the end, until the person connects it again', async () => {
    await using w = await world({
      as: {
        clients: [
          {
            client_id: 'machine',
            client_secret: 's'.repeat(32),
            grant_types: ['client_credentials'],
            redirect_uris: [],
            response_types: [],
          },
        ],
      },
      add: (all, url) =>
        all.addServer({
          name: 'demo',
          url,
          flow: { kind: 'client_credentials' },
          client: { client_id: 'machine', client_secret: secret('s'.repeat(32)) },
        }),
    });
    await (
      await w.grants.signIn('demo')
    ).done;
    w.grants.setEnd('demo', w.clock.now() + hour);
    await w.clock.advance(hour);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ facts: { because: 'lifetime-over' } });
    await eventually(() => isFinished(w));
    const again = await (await w.grants.signIn('demo', { endsAt: w.clock.now() + hour })).done;
    expect(again.endsAt).toBe(w.clock.now() + hour);
    await expect(w.grants.accessToken('demo')).resolves.toBeDefined();
    await w.clock.advance(hour);
    expect(w.grants.state('demo')).toMatchObject(over);
  });
});
