// A revocation's receipt in words: what the provider answered for each token, and what was only forgotten here. Pure.
import type { ContractOutputs } from '../../preload/contract.ts';

export type Receipt = ContractOutputs['revoke'];
type Outcome = Receipt['tokens'][number]['outcome'];

export interface ReceiptWords {
  /** `fine`: the provider confirmed all that was held. `warn`: something was only forgotten here. */
  readonly tone: 'fine' | 'warn';
  readonly headline: string;
  /** What the person can still do; null when all is done. */
  readonly advice: string | null;
  /** Whether the provider was sent anything at all. */
  readonly asked: boolean;
  readonly tokens: readonly TokenWords[];
}

export interface TokenWords {
  readonly token: string;
  readonly ended: 'yes' | 'no' | 'nothing-held';
  readonly words: string;
  /** The provider's own words; from outside. */
  readonly answer: string | null;
}

export function receiptWords(receipt: Receipt): ReceiptWords {
  const asked = receipt.tokens.some(({ outcome }) => outcome.kind !== 'no-endpoint' && outcome.kind !== 'not-held');
  return { asked, ...outcomeOfAll(receipt) };
}

function outcomeOfAll({ tokens, confirmed, forgottenHere }: Receipt): Omit<ReceiptWords, 'asked'> {
  const lines = tokens.map(({ token, outcome }): TokenWords => ({
    token: token === 'refresh_token' ? 'Refresh token' : 'Access token',
    ...outcomeWords(outcome),
  }));
  const held = lines.some((line) => line.ended !== 'nothing-held');
  if (!held) {
    return {
      tone: 'fine',
      headline: forgottenHere
        ? 'No token was held; what was kept of the grant is forgotten here'
        : 'There was nothing to revoke',
      advice: null,
      tokens: lines,
    };
  }
  if (confirmed) {
    return {
      tone: 'fine',
      headline: forgottenHere
        ? 'The provider ended it, and it is forgotten here'
        : 'The provider ended it, but it is not forgotten here',
      advice: forgottenHere ? null : 'The vault did not answer. Revoke once more when it does.',
      tokens: lines,
    };
  }
  return {
    tone: 'warn',
    headline: forgottenHere
      ? 'Forgotten here, but the provider did not confirm that it ended it'
      : 'The provider did not confirm it, and it is not forgotten here',
    advice:
      'A token that was not revoked is good until it runs out. To be sure, end the access in your account at the provider.',
    tokens: lines,
  };
}

function outcomeWords(outcome: Outcome): Omit<TokenWords, 'token'> {
  switch (outcome.kind) {
    case 'revoked':
      return { ended: 'yes', words: `revoked by the provider (HTTP ${outcome.status})`, answer: null };
    case 'refused':
      return {
        ended: 'no',
        words: `the provider refused to revoke it (HTTP ${outcome.status})`,
        answer: outcome.error,
      };
    case 'unreachable':
      return { ended: 'no', words: 'the provider could not be reached', answer: outcome.error };
    case 'no-endpoint':
      return { ended: 'no', words: 'the provider has no way to revoke tokens (RFC 7009)', answer: null };
    case 'not-held':
      return { ended: 'nothing-held', words: 'none was held', answer: null };
  }
}
