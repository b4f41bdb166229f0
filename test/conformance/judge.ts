// When a scenario counts as passed: the suite was content, something was checked, and the agent went the whole way.
import * as z from 'zod';

export const checkSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
  errorMessage: z.string().optional(),
});
export type Check = z.output<typeof checkSchema>;

export interface Judgement {
  readonly passed: boolean;
  /** How many checks were decided, and how many of them in our favour. */
  readonly checks: { readonly passed: number; readonly decided: number };
  /** Why not: failed checks in the suite's words, and how the processes ended. */
  readonly reasons: readonly string[];
}

/** Says only that the messages were well-formed: no proof that the scenario's own question was asked. */
const general = 'wire-schema-valid';

/** @param end the suite's exit code; null when it had to be ended */
export function judge(end: number | null, checks: readonly Check[], agentWentAsItShould: boolean): Judgement {
  const decided = checks.filter(({ id, status }) => id !== general && (status === 'SUCCESS' || status === 'FAILURE'));
  const won = decided.filter(({ status }) => status === 'SUCCESS');
  const reasons = checks
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map((check) => `${check.status.toLowerCase()} ${check.id}: ${check.errorMessage ?? check.description}`);
  if (end === null) reasons.push('the suite did not end in time');
  else if (end !== 0) reasons.push(`the suite ended with exit code ${end}`);
  if (won.length === 0) reasons.push('nothing was checked');
  if (!agentWentAsItShould) reasons.push('the agent did not get what it should');
  return {
    passed: end === 0 && won.length > 0 && agentWentAsItShould,
    checks: { passed: won.length, decided: decided.length },
    reasons,
  };
}
