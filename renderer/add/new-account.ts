// What is known of an account before anybody has signed in to it: the server, and nothing of another account's grant. Pure.
import type { ServerView } from '../store/model.ts';

export function newAccount(server: ServerView, account: string): ServerView {
  return {
    ...server,
    account,
    isDefault: false,
    identity: null,
    endsAt: null,
    state: { kind: 'needs-sign-in', because: 'never-signed-in', since: null },
    requestedScopes: [],
    grantedScopes: [],
  };
}
