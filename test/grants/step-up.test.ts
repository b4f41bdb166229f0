import { describe, expect, it } from 'vitest';
import { defaultServerSettings } from '../../main/grants/server-settings.ts';
import { stepUps } from '../../main/grants/step-up.ts';
import type { GrantRow, ServerRow } from '../../main/store/types.ts';

const server: ServerRow = { name: 'demo', url: 'https://mcp.example/', addedAt: 0, settings: defaultServerSettings };
const row = (requested: string[], granted: string[]): GrantRow => ({
  id: 'g',
  server: 'demo',
  account: 'default',
  resource: 'https://mcp.example/',
  issuer: 'https://as.example',
  registrationId: 'r',
  requestedScopes: requested,
  grantedScopes: granted,
  createdAt: 0,
  refreshedAt: null,
  accessTokenExpiresAt: null,
  hasRefreshToken: true,
  endedAt: null,
  endedBecause: null,
  identity: null,
  endsAt: null,
});

describe('stepping up', () => {
  it('asks for what is held together with what is challenged', () => {
    const step = stepUps(() => 0).next(server, row(['read'], ['read']), ['admin']);
    expect(step).toMatchObject({ kind: 'ask', scopes: ['read', 'admin'], freshConsent: false });
  });

  it('insists on fresh consent when the challenge names only what was asked for before', () => {
    const step = stepUps(() => 0).next(server, row(['read', 'admin'], ['read']), ['admin']);
    expect(step).toMatchObject({ kind: 'ask', freshConsent: true });
  });

  it('gives up after two attempts for the same scopes, and says so permanently', () => {
    const steps = stepUps(() => 0);
    const held = row(['read'], ['read']);
    expect(steps.next(server, held, ['admin']).kind).toBe('ask');
    steps.tried(['admin']);
    expect(steps.next(server, row(['read', 'admin'], ['read']), ['admin'])).toMatchObject({ freshConsent: true });
    steps.tried(['admin']);
    const last = steps.next(server, row(['read', 'admin'], ['read']), ['admin']);
    expect(last.kind).toBe('give-up');
    expect(last.kind === 'give-up' && last.error.code).toBe('insufficient_scope');
  });

  it('does not count requests that were refused before anybody was asked', () => {
    const steps = stepUps(() => 0);
    for (let request = 0; request < 10; request += 1) {
      expect(steps.next(server, row(['read'], ['read']), ['admin']).kind).toBe('ask');
    }
  });

  it('starts over when the person signs in by hand or after ten minutes', () => {
    let now = 0;
    const steps = stepUps(() => now);
    const held = row(['read', 'admin'], ['read']);
    const tire = (): void => {
      steps.tried(['admin']);
      steps.tried(['admin']);
      expect(steps.next(server, held, ['admin']).kind).toBe('give-up');
    };
    tire();
    steps.reset();
    tire();
    now += 11 * 60_000;
    expect(steps.next(server, held, ['admin']).kind).toBe('ask');
  });

  it('never asks for a scope that the user removed', () => {
    const strict = { ...server, settings: { ...defaultServerSettings, removedScopes: ['admin'] } };
    expect(stepUps(() => 0).next(strict, row(['read'], ['read']), ['admin']).kind).toBe('give-up');
  });
});
