// A client that the user registered and brought along: bound, when it is added, to one issuer and never shown to another.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { discovered } from './discovered.ts';
import { record } from './history.ts';
import { keepRegistration, preRegistered } from './registrations.ts';
import type { PreRegisteredClient } from './types.ts';

/**
 * Finds the server's authorization server while the user is there to see which one it is, and binds the credentials to it.
 * @param server - not stored yet; its `chosenIssuer` is the user's word, and another issuer is then refused
 * @throws issuer_mismatch, and what discovery throws: credentials without an issuer are not kept
 */
export async function bindClient(deps: GrantDeps, server: ServerRow, client: PreRegisteredClient): Promise<string> {
  const discovery = discovered(deps, server);
  await discovery.probe();
  const { as } = await discovery.get();
  const { chosenIssuer } = server.settings;
  if (chosenIssuer !== null && chosenIssuer !== as.issuer) {
    throw new TokentrayError('issuer_mismatch', `${server.name} does not sign in at ${quote(chosenIssuer)}`, {
      attempted: 'keep the client for its issuer',
      subject: server.name,
      advice: `It names ${quote(as.issuer)}. Your credentials were not sent to it; check which of the two is right.`,
      facts: { issuer: as.issuer },
    });
  }
  await keepRegistration(deps, preRegistered(as, client, deps.clock.now()));
  const { client_id } = client;
  record(deps, 'registered', server.name, null, { issuer: as.issuer, client_id, kind: 'pre-registered' });
  return as.issuer;
}
