// What holds for every agent of a server until the person says otherwise: nothing beyond what each approval says.
import type { ServerRulesRow, Store } from '../store/types.ts';
import type { Pinning, ToolRules } from './types.ts';

export const noRules: ToolRules = { tools: 'everything', allow: [], deny: [], ask: 'never' };

export const serverRules = (store: Pick<Store, 'serverRules'>, server: string): ServerRulesRow =>
  store.serverRules.get(server) ?? { server, rules: noRules, pinning: null };

/** @param usual of the whole app */
export const pinningOf = (store: Pick<Store, 'serverRules'>, server: string, usual: () => Pinning): Pinning =>
  store.serverRules.get(server)?.pinning ?? usual();
