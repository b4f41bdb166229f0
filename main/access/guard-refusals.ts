// What an agent is told of a request that was not let through, and what the audit says of it.
import type { ToolOutcome } from '../audit/tool-call.ts';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

export const outcomes: Readonly<Partial<Record<TokentrayError['code'], ToolOutcome>>> = {
  approval_needed: 'approval-needed',
  approval_denied: 'denied',
  tool_refused: 'refused',
  tool_held: 'held',
  call_declined: 'declined',
  overloaded: 'approval-needed',
  locked: 'refused',
};

export const ruleOf = ({ facts: { rule } }: TokentrayError): string | undefined =>
  typeof rule === 'string' ? rule : undefined;

const shutOut = (server: string): TokentrayError =>
  new TokentrayError('approval_denied', `This agent's use of "${server}" has been ended`, {
    attempted: 'send the request',
  });

/** @param reason why its connection ended, as `Guard.ended` has it @param isLocked whether it is locked now */
export function ended(server: string, reason: unknown, isLocked: boolean): TokentrayError {
  if (!(reason instanceof TokentrayError)) return shutOut(server);
  if (reason.code !== 'locked' || isLocked) return reason;
  return new TokentrayError('locked', 'Tokentray was locked meanwhile, and this connection ended then', {
    attempted: 'send the request',
    advice: 'It is open again: connect anew, and send the request again',
    facts: { rule: 'locked' },
  });
}

export const held = (server: string, tool: unknown, because: string | null): TokentrayError => {
  const why = because === null ? '' : `: ${because}`;
  return new TokentrayError('tool_held', `The tool ${quote(tool, 80)} is held until a person has looked at it${why}`, {
    attempted: 'call the tool',
    advice: `They can look at what changed, and accept it, in Tokentray’s window, or with: tokentray tools ${server} --accept <tool>`,
    facts: { rule: because ?? 'held' },
  });
};

export const refusedTool = (tool: unknown, because: string): TokentrayError =>
  new TokentrayError('tool_refused', `A rule of the person stands against the tool ${quote(tool, 80)}: ${because}`, {
    attempted: 'call the tool',
    facts: { rule: because.slice(0, 1_024) },
  });

export const declined = (tool: string): TokentrayError =>
  new TokentrayError('call_declined', `A person saw this call of ${quote(tool, 80)}, and said no`, {
    attempted: 'call the tool',
  });

export const deniedUse = (agent: string, server: string): TokentrayError =>
  new TokentrayError('approval_denied', `A person has denied ${quote(agent, 64)} the use of "${server}"`, {
    attempted: 'send the request',
    advice: 'They can allow it in Tokentray: tokentray approvals',
  });

/** @param as the name under which it was denied */
export const deniedProgram = (agent: string, as: string, server: string): TokentrayError => {
  const because = `a person has denied the same program, as ${quote(as, 64)}, for good`;
  return new TokentrayError('approval_denied', `${quote(agent, 64)} may not use "${server}": ${because}`, {
    attempted: 'send the request',
    advice: 'They can take that back in Tokentray, and are asked then: tokentray approvals',
    facts: { rule: because },
  });
};

export const notYet = (agent: string, server: string): TokentrayError =>
  new TokentrayError('approval_needed', `No person has allowed ${quote(agent, 64)} to use "${server}" yet`, {
    attempted: 'send the request',
    advice: 'The first request that needs the server asks them',
  });

export const unknownMethod = (method: string): TokentrayError => {
  const because = `it is not known what the method ${quote(method, 80)} does`;
  return new TokentrayError('tool_refused', `A rule of the person stands against this request: ${because}`, {
    attempted: 'send the request',
    facts: { rule: because },
  });
};

export const gaveUp = (server: string): TokentrayError =>
  new TokentrayError('unreachable', `The agent gave up before "${server}" had listed its tools`, {
    attempted: 'judge the call',
  });
