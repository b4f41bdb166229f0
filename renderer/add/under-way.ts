// Sign-ins that this window started, so that one who leaves the screen and comes back can still finish or cancel.
import type { ContractOutputs } from '../../preload/contract.ts';

export type Started = ContractOutputs['signIn']['start'];

const started = new Map<string, Started>();

export const underWay = {
  get: (server: string): Started | null => started.get(server) ?? null,
  keep: (signIn: Started): void => void started.set(signIn.server, signIn),
  drop: (server: string): void => void started.delete(server),
};
