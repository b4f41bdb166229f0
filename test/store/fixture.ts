// Rows and folders for the tests of the store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../main/store/open.ts';
import type { AgentRow, GrantRow, RegistrationRow, ServerRow, Store } from '../../main/store/types.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { recordingLog } from '../vault/recording-log.ts';

export function open(file = ':memory:', log = recordingLog()): { store: Store; setAside: string | null } {
  return openStore({ file, log, clock: createFakeClock() });
}

export async function databaseFolder(): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  return { file: join(folder, 'tokentray.db'), remove: () => rm(folder, { recursive: true, force: true }) };
}

export const serverRow = (name = 'linear'): ServerRow => ({
  name,
  url: 'https://mcp.linear.app/mcp',
  addedAt: 1_000,
  settings: {
    signIn: 'ask',
    flow: 'authorization_code',
    pinnedScopes: null,
    removedScopes: ['admin'],
    chosenIssuer: null,
    allowHttp: false,
    era: { kind: 'legacy-sse', seenAt: 2_000 },
  },
});

export const registrationRow = (id = 'r1', over: Partial<RegistrationRow> = {}): RegistrationRow => ({
  id,
  issuer: 'https://as.example/',
  kind: 'dcr',
  client_id: 'client-1',
  token_endpoint_auth_method: 'client_secret_basic',
  signing_alg: null,
  redirect_uris: ['http://127.0.0.1:1234/callback', 'http://localhost:1234/callback'],
  client_secret_expires_at: null,
  registered_at: 1_000,
  replaced_at: null,
  hasSecret: true,
  ...over,
});

export const grantRow = (id = 'g1', over: Partial<GrantRow> = {}): GrantRow => ({
  id,
  server: 'linear',
  account: 'default',
  resource: 'https://mcp.linear.app/mcp',
  issuer: 'https://as.example/',
  registrationId: 'r1',
  requestedScopes: ['read', 'write'],
  grantedScopes: ['read'],
  createdAt: 1_000,
  refreshedAt: null,
  accessTokenExpiresAt: 5_000,
  hasRefreshToken: true,
  endedAt: null,
  endedBecause: null,
  identity: null,
  endsAt: null,
  ...over,
});

export const agentRow = (name = 'cursor', over: Partial<AgentRow> = {}): AgentRow => ({
  id: `id of ${name}`,
  name,
  kind: 'key',
  keyHash: Buffer.from(name).toString('hex').padEnd(64, '0'),
  identity: null,
  trusted: false,
  claimed: { name: null, client: null, clientUri: null },
  checked: null,
  createdAt: 1_000,
  lastUsedAt: null,
  revokedAt: null,
  ...over,
});
