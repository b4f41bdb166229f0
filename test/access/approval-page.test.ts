// The page behind a prompt's link says who asks and where to answer; nobody can decide anything with it.
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApprovalPages } from '../../main/access/approval-page.ts';
import { listenOn } from '../../main/net/listen-on.ts';
import { silent } from '../support/silent.ts';
import { useOf, world, type World } from './world.ts';

let w: World;
const closers: (() => void)[] = [];
beforeEach(() => {
  w = world();
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await w[Symbol.asyncDispose]();
});

async function served({ window = true } = {}) {
  const raised: string[] = [];
  let base = '';
  const pages = createApprovalPages({
    prompts: w.access.prompts,
    baseUrl: () => base,
    showWindow: window ? (prompt) => void raised.push(prompt) : null,
    clock: w.clock,
    log: silent,
  });
  const server = createServer((req, res) => {
    if (!pages.handle(req, res)) res.writeHead(418).end();
  });
  const { port } = await listenOn(server, { preferredPort: 0, who: 'a test', attempted: 'listen', advice: '' });
  closers.push(
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  base = `http://127.0.0.1:${port}`;
  return { pages, raised, base };
}

const ask = async (link: string, method = 'GET') => {
  const answer = await fetch(link, { method });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};
const raise = (name = 'claude') => w.access.prompts.raise(useOf(w.agent(name)));

describe('the page of a prompt', () => {
  it('names the agent and the server, and the places where it is answered', async () => {
    const { pages } = await served();
    const id = raise();
    const page = await ask(pages.linkFor(id));
    expect(page.status).toBe(200);
    for (const words of ['claude', 'linear', 'tokentray ui', `tokentray approve ${id}`, 'Open Tokentray']) {
      expect(page.text).toContain(words);
    }
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('decides nothing, whatever is sent to it', async () => {
    const { pages } = await served();
    const link = pages.linkFor(raise());
    for (const tail of ['', '/allow', '?decision=allow', '/../allow']) {
      await ask(link + tail, 'POST');
      await ask(link + tail);
    }
    expect((await ask(link, 'PUT')).status).toBe(405);
    expect(w.access.prompts.list()).toHaveLength(1);
    expect(w.access.approvals.living()).toEqual([]);
  });

  it('brings the window up at the question when its button is pressed, at most once in five seconds', async () => {
    const { pages, raised } = await served();
    const id = raise();
    const link = pages.linkFor(id);
    for (let press = 0; press < 5; press += 1) {
      expect((await ask(link, 'POST')).text).toContain('answer there');
      await w.clock.advance(1_000);
    }
    expect(raised).toEqual([id]);
    await ask(link, 'POST');
    expect(raised).toEqual([id, id]);
  });

  it('offers no button where there is no window', async () => {
    const { pages } = await served({ window: false });
    const link = pages.linkFor(raise());
    expect((await ask(link)).text).not.toContain('<button');
    expect((await ask(link, 'POST')).status).toBe(200);
  });

  it('says what was answered, and when', async () => {
    const { pages } = await served();
    const [yes, no, late] = [raise('one'), raise('two'), raise('three')];
    w.access.prompts.decide(yes, { decision: 'allow', lasts: 'always' }, 'window');
    w.access.prompts.decide(no, { decision: 'deny', lasts: 'once' }, 'window');
    const at = new Date(w.clock.now()).toISOString();
    expect((await ask(pages.linkFor(yes))).text).toContain(`You allowed it at <time>${at}</time>`);
    expect((await ask(pages.linkFor(no))).text).toContain(`You denied it at <time>${at}</time>`);
    await w.clock.advance(15 * 60_000);
    const over = await ask(pages.linkFor(late));
    expect(over.text).toContain('Nobody answered');
    expect(over.text).not.toContain('<button');
  });

  it('knows nothing of a question that never was', async () => {
    const { base } = await served();
    for (const path of ['/approve/2222222222', '/approve/', '/approve/a/b', '/approve/%3Cscript%3E']) {
      expect((await ask(base + path)).status).toBe(404);
    }
    expect((await ask(`${base}/other`)).status).toBe(418);
  });

  it('shows a hostile name as text', async () => {
    const { pages } = await served();
    const agent = w.agent('<img src=x onerror=alert(1)>\u202e');
    const page = await ask(pages.linkFor(w.access.prompts.raise(useOf(agent))));
    expect(page.text).not.toContain('<img');
    expect(page.text).not.toContain('\u202e');
    expect(page.text).toContain('&#60;img');
  });
});
