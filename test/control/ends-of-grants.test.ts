// When a person ends a grant, what agents have open with it ends within a second, and each hears what happened.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@modelcontextprotocol/client';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
beforeEach(async () => {
  live = await liveBroker();
  await live.signIn();
});
afterEach(() => live[Symbol.asyncDispose]());

/** A call that its server keeps open; how it ended, in words, and when. */
function openCall(agent: Client): Promise<{ words: string; at: number }> {
  const call = agent.callTool({ name: 'slow', arguments: { steps: 0 } }, { onprogress: () => undefined });
  return call.then(
    (result) => ({ words: JSON.stringify(result), at: Date.now() }),
    (error: unknown) => ({ words: String(error), at: Date.now() }),
  );
}

async function agentWithKey(name: string): Promise<Client> {
  const { key } = await live.client.script.addAgent({ name });
  return live.agent(key);
}

describe('a call under way', () => {
  it('ends within a second of the revocation, although the provider takes its time, and says that it was revoked', async () => {
    const running = openCall(await agentWithKey('cursor'));
    await live.server.until(() => live.server.calls['slow'] === 1);
    const provider = Promise.withResolvers<void>();
    live.authorizationServer.fault({ endpoint: 'revocation', when: 'before', until: provider.promise });
    const began = Date.now();
    const revoking = live.client.revoke({ server: 'notes' });
    const { words, at } = await running;
    expect(at - began).toBeLessThan(1_000);
    expect(words).toContain('The sign-in to "notes" was revoked by a person while this request was under way');
    await live.server.until(() => live.server.openStreams().length === 0);
    provider.resolve();
    expect(await revoking).toMatchObject({ forgottenHere: true });
  });

  it('ends with the end that the person set for the grant, and says so', async () => {
    const running = openCall(await agentWithKey('cursor'));
    await live.server.until(() => live.server.calls['slow'] === 1);
    const endsAt = Date.now() + 600;
    await live.client.accounts.setEnd({ server: 'notes', endsAt });
    const { words, at } = await running;
    expect(at - endsAt).toBeLessThan(1_000);
    expect(words).toContain('came to the end that a person had set for it');
  });

  it('goes on when the grant of another account ends', async () => {
    const { id } = await live.client.signIn.start({ server: 'notes', account: 'work' });
    await live.client.signIn.wait({ id });
    const running = openCall(await agentWithKey('cursor'));
    await live.server.until(() => live.server.calls['slow'] === 1);
    await live.client.revoke({ server: 'notes', account: 'work' });
    live.server.release();
    expect((await running).words).toContain('released');
  });
});

describe('a panic with the memory vault', () => {
  it('says how many sign-ins it dropped, and the servers say so at once', async () => {
    expect(await live.client.lock.panic({ revoke: false })).toMatchObject({ locked: true, dropped: 1 });
    const [view] = await live.client.servers.list();
    expect(view?.state).toMatchObject({ kind: 'needs-sign-in', because: 'lost-from-vault' });
    expect((await live.client.status()).servers).toMatchObject({ connected: 0, needSignIn: 1 });
    await live.client.lock.unlock({});
    await live.signIn();
    expect((await live.client.servers.list())[0]?.state.kind).toBe('connected');
  });

  it('has nothing to drop where everything was revoked', async () => {
    expect(await live.client.lock.panic({ revoke: true })).toMatchObject({ dropped: 0, receipts: [{ error: null }] });
  });
});
