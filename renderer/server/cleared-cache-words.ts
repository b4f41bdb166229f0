// What a cleared cache dropped, and why a registration is still there, in one sentence.
import type { ContractOutputs } from '../../preload/contract.ts';
import { counted } from '../words/counted.ts';

type Cleared = ContractOutputs['cache']['clear'];

export function clearedCacheWords({ documents, accessTokens, registrations, registrationsKept }: Cleared): string {
  const dropped = `${counted(documents, 'document')}, ${counted(accessTokens, 'access token')}, ${counted(registrations, 'registration')} dropped`;
  const { neededByGrant, signInUnderWay, preRegistered } = registrationsKept;
  const kept = [
    ...(neededByGrant > 0 ? [`${counted(neededByGrant, 'registration')} kept for a living grant`] : []),
    ...(signInUnderWay > 0 ? [`${counted(signInUnderWay, 'registration')} kept for a sign-in under way`] : []),
    ...(preRegistered > 0 ? [`${counted(preRegistered, 'registration')} of your own kept`] : []),
  ];
  return [dropped, ...kept].join('; ');
}
