// A person is told once for each thing that needs them: not again for the same cause, and again when it comes back.
import { describe, expect, it } from 'vitest';
import { due } from '../../main/desktop/notices.ts';
import type { Notice, Told } from '../../main/desktop/notices.ts';
import { dueQuestion } from '../../main/desktop/question-notices.ts';
import type { State } from '../../main/desktop/summary.ts';

const connected: State = { kind: 'connected', accessTokenExpiresAt: null, refreshesAt: null, refreshable: true };
const ended = (since: number): State => ({ kind: 'needs-sign-in', because: 'ended-by-provider', since });
const signingIn: State = { kind: 'signing-in', url: 'https://as.example/authorize', since: 1 };

/** What is said, state after state. */
function teller(): (servers: Readonly<Record<string, State>>, paused?: boolean) => Notice | null {
  let told: Told = new Map();
  return (servers, paused = false) => {
    const now = due(told, { servers: new Map(Object.entries(servers)), paused, locked: false, questions: [] });
    told = now.told;
    return now.notice;
  };
}

describe('a notification', () => {
  it('says which server needs the person, and why', () => {
    const tell = teller();
    expect(tell({ demo: connected })).toBeNull();
    expect(tell({ demo: ended(5) })).toEqual({
      title: 'demo needs you',
      body: 'Needs sign-in: the authorization server ended the grant.',
      server: 'demo',
    });
  });

  it('comes once for a cause, however often the state is told and whatever else changes', () => {
    const tell = teller();
    expect(tell({ demo: ended(5) })).not.toBeNull();
    expect(tell({ demo: ended(5) })).toBeNull();
    expect(tell({ demo: ended(5), other: connected })).toBeNull();
  });

  it('does not come again when the person gives up a sign-in', () => {
    const tell = teller();
    tell({ demo: ended(5) });
    expect(tell({ demo: signingIn })).toBeNull();
    expect(tell({ demo: ended(5) })).toBeNull();
  });

  it('does not come again when the provider was unreachable in between', () => {
    const tell = teller();
    tell({ demo: ended(5) });
    expect(tell({ demo: { kind: 'retrying', at: 9, because: 'no answer' } })).toBeNull();
    expect(tell({ demo: ended(5) })).toBeNull();
  });

  it('comes again for the same reason after the server worked', () => {
    const tell = teller();
    tell({ demo: ended(5) });
    tell({ demo: signingIn });
    tell({ demo: connected });
    expect(tell({ demo: ended(90) })).not.toBeNull();
  });

  it('comes for another cause of the same server', () => {
    const tell = teller();
    tell({ demo: ended(5) });
    expect(tell({ demo: { kind: 'needs-sign-in', because: 'lost-from-vault', since: 6 } })).not.toBeNull();
  });

  it('comes once for a step-up that waits, however much more is wanted meanwhile, and again for the next one', () => {
    const tell = teller();
    const wanting = (scopes: string[], since: number): State => ({ ...connected, stepUp: { scopes, since } });
    expect(tell({ demo: wanting(['write'], 5) })).toEqual({
      title: 'demo needs you',
      body: 'Connected, but a call wants more: write.',
      server: 'demo',
    });
    expect(tell({ demo: wanting(['write', 'admin'], 5) })).toBeNull();
    expect(tell({ demo: signingIn })).toBeNull();
    expect(tell({ demo: wanting(['write', 'admin'], 5) })).toBeNull();
    expect(tell({ demo: connected })).toBeNull();
    expect(tell({ demo: wanting(['write'], 90) })).not.toBeNull();
  });

  it('is one for several servers at once', () => {
    const tell = teller();
    const all = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, ended(1)]));
    expect(tell(all)).toEqual({
      title: '5 servers need you',
      body: 'a, b, c and 2 more: sign in again.',
      server: null,
    });
    expect(tell(all)).toBeNull();
  });

  it('is not needed for what the person did themselves', () => {
    const tell = teller();
    expect(tell({ a: { kind: 'needs-sign-in', because: 'revoked-here', since: 1 } })).toBeNull();
    expect(tell({ a: { kind: 'needs-sign-in', because: 'never-signed-in', since: null } })).toBeNull();
  });

  it('waits while Tokentray is paused', () => {
    const tell = teller();
    expect(tell({ demo: ended(5) }, true)).toBeNull();
    expect(tell({ demo: ended(5) })).not.toBeNull();
  });
});

const asks = (...ids: string[]) => ({
  servers: new Map<string, State>(),
  paused: false,
  locked: false,
  questions: ids.map((id) => ({ id, words: `${id} asks to use linear` })),
});

describe('a notification of what an agent asks', () => {
  it('comes once for each question, and leads to it', () => {
    const first = dueQuestion(new Set(), asks('a'));
    expect(first.notice).toEqual({
      title: 'a asks to use linear',
      body: 'It waits for your answer.',
      server: null,
      prompt: 'a',
    });
    expect(dueQuestion(first.told, asks('a')).notice).toBeNull();
    expect(dueQuestion(first.told, asks('a', 'b')).notice).toMatchObject({ prompt: 'b' });
    expect(dueQuestion(first.told, asks()).notice).toBeNull();
  });

  it('is one for several that come at once', () => {
    expect(dueQuestion(new Set(), asks('a', 'b', 'c')).notice?.title).toBe('a asks to use linear, and 2 more');
  });

  it('waits for the end of a pause', () => {
    const paused = dueQuestion(new Set(), { ...asks('a'), paused: true });
    expect(paused.notice).toBeNull();
    expect(dueQuestion(paused.told, asks('a')).notice).not.toBeNull();
    expect(dueQuestion(new Set(), { ...asks('a'), locked: true }).notice).toBeNull();
  });
});
