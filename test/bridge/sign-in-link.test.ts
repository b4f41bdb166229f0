// A sign-in link starts exactly one sign-in, only when a person presses its button, and only for a while.
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import type { SignInResult } from '../../main/grants/types.ts';
import { ask, gate, setup, signInTo, type Setup, type SetupOptions } from './fixture.ts';

const open: Setup[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function bridged(options: Partial<SetupOptions> = {}): Promise<Setup & { link: string }> {
  const made = await setup({ upstream: 'http://127.0.0.1:1/mcp', state: () => 'needs-sign-in', ...options });
  open.push(made);
  return { ...made, link: made.bridge.signInLinks.linkFor('notes') };
}

const press = (made: { link: string; bridge: { url: string } }, headers: Record<string, string> = {}) =>
  ask(made.link, { method: 'POST', headers: { origin: made.bridge.url, 'sec-fetch-site': 'same-origin', ...headers } });

describe('a sign-in link', () => {
  it('holds 256 bits, and each is another one', async () => {
    const made = await bridged();
    expect(made.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in\/[A-Za-z0-9_-]{43}$/u);
    expect(made.bridge.signInLinks.linkFor('notes')).not.toBe(made.link);
  });

  it('shows a page without a key, and starts nothing however often it is previewed', async () => {
    const made = await bridged();
    for (let time = 0; time < 3; time += 1) {
      const page = await ask(made.link);
      expect(page.status).toBe(200);
      expect(page.text).toContain('<form method="post">');
      expect(page.text).toContain('notes');
    }
    expect(made.signIns).toEqual([]);
  });

  it('is no place for other methods', async () => {
    const made = await bridged();
    expect((await ask(made.link, { method: 'HEAD' })).status).toBe(405);
    expect((await ask(made.link, { method: 'PUT' })).status).toBe(405);
    expect(made.signIns).toEqual([]);
  });

  it('leads to the provider when the button is pressed, without opening another browser, once', async () => {
    const made = await bridged();
    const answer = await press(made);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('https://login.example/authorize?state=1');
    expect(made.signIns).toEqual([{ server: 'notes', options: { openBrowser: false, joinAny: true } }]);
    expect((await press(made)).status).toBe(404);
    expect((await ask(made.link)).status).toBe(404);
    expect(made.signIns).toHaveLength(1);
  });

  it('takes a double click for one', async () => {
    const started = gate();
    const made = await bridged({
      signIn: async () => {
        await started.opened;
        return signInTo('https://login.example/a');
      },
    });
    const both = [press(made), press(made)];
    await expect.poll(() => made.signIns.length).toBe(1);
    // Both presses have arrived when the second page request is answered: the bridge takes them in order.
    await ask(made.link);
    started.open();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([303, 303]);
    expect(made.signIns).toHaveLength(1);
  });

  it('is over after 15 minutes', async () => {
    const made = await bridged();
    await made.clock.advance(15 * 60_000 - 1);
    expect((await ask(made.link)).status).toBe(200);
    await made.clock.advance(1);
    expect((await ask(made.link)).status).toBe(404);
    expect((await press(made)).status).toBe(404);
    expect(made.signIns).toEqual([]);
  });

  it('cannot be guessed or made up', async () => {
    const made = await bridged();
    for (const ticket of ['', 'x', 'A'.repeat(43), `${made.link.slice(-43)}x`, '..%2f']) {
      expect((await ask(`${made.bridge.url}/sign-in/${ticket}`)).status).toBe(404);
    }
  });

  it('stays good when the sign-in could not be started, and says why with every foreign word escaped', async () => {
    let fail = true;
    const made = await bridged({
      signIn: async () => {
        if (fail) throw new TokentrayError('discovery_failed', 'no metadata at "<script>alert(1)</script>\'&"');
        return signInTo('https://login.example/a');
      },
    });
    const first = await press(made);
    expect(first.status).toBe(502);
    expect(first.text).not.toContain('<script>');
    expect(first.text).toContain('&#60;script&#62;alert(1)&#60;/script&#62;&#39;&#38;');
    fail = false;
    expect((await press(made)).status).toBe(303);
  });

  it('never leads to an address that is not a web page', async () => {
    const made = await bridged({ signIn: async () => signInTo('javascript:alert(1)') });
    const answer = await press(made);
    expect(answer.status).toBe(502);
    expect(answer.headers).not.toHaveProperty('location');
  });

  it('tells the end itself where the flow needs no browser', async () => {
    const done = Promise.resolve({ server: 'notes' } as SignInResult);
    const made = await bridged({ signIn: async () => signInTo(null, done) });
    const answer = await press(made);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('Signed in to notes');
  });

  it('survives a sign-in that fails later', async () => {
    const made = await bridged({
      signIn: async () =>
        signInTo('https://login.example/a', Promise.reject(new TokentrayError('authorization_denied', 'no'))),
    });
    expect((await press(made)).status).toBe(303);
  });
});

describe('the page behind a link', () => {
  it('cannot be framed, kept, scripted, or leak its address to another origin', async () => {
    const made = await bridged();
    for (const answer of [await ask(made.link), await press(made), await ask(made.link)]) {
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(answer.headers['referrer-policy']).toBe('same-origin');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('can be reached by a link on another site, but its button only be pressed on itself', async () => {
    const made = await bridged();
    const followed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask(made.link, { headers: followed })).status).toBe(200);
    expect((await ask(made.link, { headers: { ...followed, 'sec-fetch-dest': 'iframe' } })).status).toBe(403);
    expect((await ask(made.link, { headers: { ...followed, 'sec-fetch-mode': 'no-cors' } })).status).toBe(403);
    expect((await press(made, { ...followed, origin: 'https://evil.example' })).status).toBe(403);
    expect((await ask(made.link, { method: 'POST', headers: followed })).status).toBe(403);
    expect((await press(made, { origin: 'null' })).status).toBe(403);
    expect(made.signIns).toEqual([]);
  });

  it('reads in light and dark', async () => {
    const made = await bridged();
    expect((await ask(made.link)).text).toContain('color-scheme: light dark');
  });
});

describe('many links', () => {
  it('push out the oldest, so that an agent in a loop costs no memory', async () => {
    const made = await bridged();
    let last = made.link;
    for (let at = 0; at < 500; at += 1) last = made.bridge.signInLinks.linkFor('notes');
    expect((await ask(made.link)).status).toBe(404);
    expect((await ask(last)).status).toBe(200);
  });
});
