// What the broker can be asked over its socket: calls, sign-ins and the stream of changes, in the contract's words and no secrets.
import { beforeEach, describe, expect, it } from 'vitest';
import { connectControl } from '../../main/control/client.ts';
import { signedIn, theKey, theToken } from './fake-broker/answers.ts';
import { failure, placePerTest } from './fixture.ts';

const at = placePerTest();

describe('the contract over the socket', () => {
  it('answers what grants answer, and says how secrets are kept', async () => {
    await at().listen();
    const client = at().connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    expect(await client.servers.list()).toEqual([at().fake.deps.grants.view('linear')]);
    expect(await client.status()).toMatchObject({
      pid: process.pid,
      vault: { kind: 'memory', persistent: false, reason: 'There is no keychain.' },
      bridge: { url: 'http://127.0.0.1:8427', port: 8427 },
      servers: { total: 1, connected: 0, needSignIn: 1, needNone: 0 },
    });
  });

  it('gives a failure back as the same error: code, words, advice and facts', async () => {
    await at().listen();
    const error = await failure(at().connect().servers.show({ server: 'nope' }));
    expect(error.toJSON()).toEqual({
      code: 'unknown_server',
      message: 'there is no server named nope',
      subject: 'nope',
      advice: 'See what there is: tokentray list',
      facts: { name: 'nope' },
    });
  });

  it('says what is wrong with input that the schema refuses, and does not pass it on', async () => {
    await at().listen();
    const error = await failure(at().connect().servers.add({ name: 'Not A Name', url: 'https://mcp.example' }));
    expect(error.code).toBe('invalid_input');
    expect(error.message).toContain('a name has lower-case letters');
    expect(at().fake.calls).toEqual([]);
  });

  it('tells nothing of a defect but that there was one', async () => {
    at().fake.answers.token = () => Promise.reject(new TypeError(`inner detail ${theToken}`));
    await at().listen();
    const client = at().connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    const error = await failure(client.script.token({ server: 'linear' }));
    expect(error.code).toBe('internal');
    expect(JSON.stringify(error)).not.toContain('inner detail');
  });

  it('gives a token and a new agent key in the script calls, and secrets in only there', async () => {
    await at().listen();
    const client = at().connect();
    await client.script.addServer({
      name: 'crm',
      url: 'https://crm.example/mcp',
      client: { client_id: 'tray', client_secret: 'canary-client-secret' },
      flow: { kind: 'jwt_bearer', assertion: 'canary-assertion' },
    });
    expect(await client.script.token({ server: 'crm', minTtlMs: 60_000 })).toEqual({
      access_token: theToken,
      token_type: 'bearer',
      expires_at: 1_800_000_000_000,
    });
    expect((await client.script.addAgent({ name: 'cursor' })).key).toBe(theKey);
    expect(await client.agents.list()).toMatchObject([
      { name: 'cursor', kind: 'key', trusted: false, unused: false, lastUsedAt: null, revokedAt: null },
    ]);
    // Wrapped from the moment they arrived: printing what grants were given prints no secret.
    expect(JSON.stringify(at().fake.calls)).not.toContain('canary');
    expect(at().fake.calls).toContainEqual(['accessToken', 'crm', expect.objectContaining({ minTtlMs: 60_000 })]);
  });

  it('prints a secret that strayed into an event as [secret]', async () => {
    const stray = (await at().fake.answers.token()).access_token;
    at().fake.events.push({ id: 1, at: 2, server: 'linear', grantId: null, kind: 'refresh', detail: { stray } });
    await at().listen();
    expect(await at().connect().events.list({})).toEqual([
      { id: 1, at: 2, server: 'linear', grantId: null, kind: 'refresh', detail: { stray: '[secret]' } },
    ]);
  });

  it('refuses a body larger than any call needs', async () => {
    await at().listen();
    const assertion = 'x'.repeat(2_000_000);
    const client = at().connect();
    const flow = { kind: 'jwt_bearer' as const, assertion };
    await failure(client.script.addServer({ name: 'a', url: 'https://a.example', flow }));
    expect(at().fake.calls).toEqual([]);
  });
});

describe('a sign-in over the socket', () => {
  beforeEach(async () => {
    await at().listen();
    await at().connect().servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
  });

  it('is one sign-in, whoever joins it, and everybody who waits learns how it ended', async () => {
    const [one, two] = [at().connect(), at().connect()];
    const first = await one.signIn.start({ server: 'linear', openBrowser: false });
    const second = await two.signIn.start({ server: 'linear', openBrowser: false });
    expect(second.id).toBe(first.id);
    expect(first.url).toBe('https://as.example/authorize?state=s');
    const waits = Promise.all([one.signIn.wait({ id: first.id }), two.signIn.wait({ id: first.id })]);
    at().fake.finishSignIn(signedIn);
    expect(await waits).toEqual([signedIn, signedIn]);
    expect(await one.signIn.wait({ id: first.id })).toEqual(signedIn);
  });

  it('goes on when the one who waits goes away', async () => {
    const started = await at().connect().signIn.start({ server: 'linear', openBrowser: false });
    const impatient = connectControl(at().path);
    const left = impatient.client.signIn.wait({ id: started.id }).catch(() => 'left');
    await impatient.close();
    expect(await left).toBe('left');
    const waiting = at().connect().signIn.wait({ id: started.id });
    at().fake.finishSignIn(signedIn);
    expect(await waiting).toEqual(signedIn);
    expect(at().fake.calls).not.toContainEqual(['cancel']);
  });

  it('keeps waiting after a wrong pasted address and ends with the right one', async () => {
    const client = at().connect();
    const { id } = await client.signIn.start({ server: 'linear', openBrowser: false });
    const waiting = client.signIn.wait({ id });
    expect((await failure(client.signIn.complete({ id, callback: 'https://evil.example/?code=c' }))).code).toBe(
      'callback_mismatch',
    );
    await client.signIn.complete({ id, callback: 'http://127.0.0.1:8428/callback?code=c&state=s' });
    expect(await waiting).toEqual(signedIn);
  });

  it('ends for everybody when it is cancelled', async () => {
    const client = at().connect();
    const { id } = await client.signIn.start({ server: 'linear' });
    const waiting = failure(client.signIn.wait({ id }));
    await client.signIn.cancel({ id });
    expect((await waiting).code).toBe('sign_in_cancelled');
  });
});

describe('the stream of changes', () => {
  it('starts with everything as it is and then tells each change, so that nobody has to poll', async () => {
    await at().listen();
    const client = at().connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    const changes = await client.changes();
    const next = async () => (await changes.next()).value;
    expect(await next()).toMatchObject({ kind: 'snapshot', servers: [{ server: 'linear' }] });
    at().fake.change({ server: 'linear', account: 'default', state: { kind: 'open' } });
    expect(await next()).toEqual({ kind: 'state', server: 'linear', account: 'default', state: { kind: 'open' } });
    await client.servers.updateSettings({ server: 'linear', settings: { signIn: 'auto' } });
    expect(await next()).toMatchObject({ kind: 'settings', view: { settings: { signIn: 'auto' } } });
    await client.servers.forget({ server: 'linear' });
    expect(await next()).toEqual({ kind: 'forgotten', server: 'linear' });
    await changes.return?.();
  });

  it('gives an observer that slept a fresh snapshot instead of a queue without end', async () => {
    await at().listen();
    const client = at().connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    const changes = await client.changes();
    expect((await changes.next()).value).toMatchObject({ kind: 'snapshot' });
    for (let count = 0; count < 5_000; count += 1)
      at().fake.change({ server: 'linear', account: 'default', state: { kind: 'open' } });
    let told = 0;
    for (;;) {
      const { value, done } = await changes.next();
      if (done === true || value.kind === 'snapshot') break;
      told += 1;
    }
    expect(told).toBeLessThan(1_100);
    await changes.return?.();
  });
});
