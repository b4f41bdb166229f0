// One change of the app's settings: what is absent stays; the new settings arrive through the model.
import type { ContractOutputs } from '../../preload/contract.ts';
import { useCall, type Call } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import type { Client } from '../client.ts';

type Change = Parameters<Client['settings']['set']>[0];

export function useSettingsChange(): Call<readonly [Change], ContractOutputs['settings']['set']> {
  const client = useClient();
  return useCall((signal, change: Change) => client.settings.set(change, { signal }));
}
