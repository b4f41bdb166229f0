// Adding, changing and forgetting servers, so that everybody who watches learns of it, whichever way it was asked for.
import type { GrantsOfUser } from '../grants/grants.ts';
import type { GrantView, NewServer, PreRegisteredClient } from '../grants/types.ts';
import type { ServerSettings } from '../store/types.ts';
import type { ChangeFeed } from './changes.ts';

export interface Servers {
  add(server: NewServer): Promise<GrantView>;
  change(name: string, settings: Partial<ServerSettings>): GrantView;
  bringClient(name: string, client: PreRegisteredClient): Promise<GrantView>;
  adopt(id: string): Promise<GrantView | null>;
  forget(name: string): Promise<{ forgotten: readonly string[] }>;
}

export function createServers(parts: {
  readonly grants: GrantsOfUser;
  readonly changes: Pick<ChangeFeed, 'publish'>;
  /** How servers sign in whose settings do not say it. */
  readonly signIn: () => ServerSettings['signIn'];
}): Servers {
  const { grants, changes } = parts;
  const added = (view: GrantView): GrantView => {
    changes.publish({ kind: 'added', view });
    return view;
  };
  const changed = (view: GrantView): GrantView => {
    changes.publish({ kind: 'settings', view });
    return view;
  };
  return {
    add: async (server) =>
      added(await grants.addServer({ ...server, settings: { signIn: parts.signIn(), ...server.settings } })),
    change(name, settings) {
      grants.updateSettings(name, settings);
      return changed(grants.view(name));
    },
    bringClient: async (name, client) => changed(await grants.bringClient(name, client)),
    async adopt(id) {
      const view = await grants.adopt(id);
      return view === null ? null : added(view);
    },
    async forget(name) {
      const receipt = await grants.forgetServer(name);
      changes.publish({ kind: 'forgotten', server: name });
      return receipt;
    },
  };
}
