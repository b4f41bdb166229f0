// A server as the broker shows it, for the tests of what the window makes of it.
import type { GrantState, ServerView } from '../../renderer/store/model.ts';

export function server(name: string, state: GrantState = { kind: 'open' }): ServerView {
  return {
    server: name,
    url: `https://${name}.example/mcp`,
    account: 'default',
    isDefault: true,
    identity: null,
    endsAt: null,
    state,
    issuer: null,
    resource: null,
    registration: null,
    requestedScopes: [],
    grantedScopes: [],
    settings: {
      signIn: 'ask',
      flow: 'authorization_code',
      pinnedScopes: null,
      removedScopes: [],
      chosenIssuer: null,
      allowHttp: false,
      era: null,
    },
  };
}
