// Sign-ins that this window started, so that one who leaves the screen and comes back can still finish or cancel.
import type { ContractOutputs } from '../../preload/contract.ts';

export type Started = ContractOutputs['signIn']['start'];

const started = new Map<string, Started>();

/** @param account null: the server's default one */
const keyOf = (server: string, account: string | null): string => JSON.stringify([server, account]);

export const underWay = {
  get: (server: string, account: string | null): Started | null => started.get(keyOf(server, account)) ?? null,
  keep: (signIn: Started, account: string | null): void => void started.set(keyOf(signIn.server, account), signIn),
  drop: (server: string, account: string | null): void => void started.delete(keyOf(server, account)),
};
