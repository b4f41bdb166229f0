// What an agent hears of a request that was not let through: for a tool a result that its model can pass on, else an error.
import { TokentrayError } from '../errors.ts';
import { sentences } from './sentences.ts';
import type { Outcome } from './relay/wire.ts';

// MCP reserves -32000 to -32099 for the specification and its past (2026-07-28 basic, "Error Codes"); the rest of
// JSON-RPC's negative range below -32768 and above -32000 is the application's. One code; `data.code` tells which.
export const bridgeErrorCode = -31_001;

/** In the words of both eras: a result says that it is complete where the agent is of the new one. */
export function refused(method: string, error: TokentrayError, modern: boolean): Outcome {
  const given = error.facts['url'];
  const url = typeof given === 'string' ? given : null;
  const said = `Tokentray: ${sentences(error.message, error.advice)}`;
  const text = url === null || said.includes(url) ? said : `${said} ${url}`;
  if (method === 'tools/call') {
    const complete = modern ? { resultType: 'complete' } : {};
    return { result: { ...complete, content: [{ type: 'text', text }], isError: true } };
  }
  const data = { source: 'tokentray', code: error.code, ...(url === null ? {} : { url }) };
  return { error: { code: bridgeErrorCode, message: text, data } };
}

/** 2025-03-26: in a batch one refused request refuses all. */
export const notAlone = (): TokentrayError =>
  new TokentrayError('tool_refused', 'this request was not sent, because another one of its batch was refused', {
    advice: 'Send it again by itself.',
  });
