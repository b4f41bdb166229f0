// A tool call as the audit has it: name, outcome, duration and sizes; its arguments only when the person wants that, redacted.
import type { Finished } from '../access/types.ts';
import type { AuditInput } from './types.ts';
import { redactArguments } from './redact-arguments.ts';

/** How it ended; the last six never reached the server. */
export type ToolOutcome =
  | Finished['outcome']
  | 'refused'
  | 'held'
  | 'declined'
  | 'denied'
  | 'approval-needed'
  | 'locked';

export interface ToolCall {
  /** The agent's name, as the person knows it. */
  readonly agent: string;
  readonly server: string;
  readonly account: string;
  readonly tool: string;
  readonly outcome: ToolOutcome;
  /** From the request's arrival to the end of its answer, in milliseconds; without the time that a person was waited for. */
  readonly ms: number;
  /** How long that was, in milliseconds; a person's pace is not the server's. */
  readonly waited?: number | undefined;
  readonly requestBytes: number;
  /** As far as the answer was seen; 0 where there was none. */
  readonly answerBytes: number;
  /** The rule that stood against it, in the person's words. */
  readonly rule?: string | undefined;
  /** Kept only when the setting says so. */
  readonly arguments?: unknown;
}

/** `rule-hit` where a rule or a person stood against the call, else `tool-call`. */
export const toolCallKind = (outcome: ToolOutcome): string => (stopped.has(outcome) ? 'rule-hit' : 'tool-call');

const longestName = 256;

export function toolCallEntry(call: ToolCall, withArguments: boolean): AuditInput {
  return {
    kind: toolCallKind(call.outcome),
    server: call.server,
    account: call.account,
    agent: call.agent,
    detail: {
      tool: call.tool.length > longestName ? `${call.tool.slice(0, longestName)}…` : call.tool,
      outcome: call.outcome,
      ms: tenths(call.ms),
      ...(call.waited === undefined || call.waited === 0 ? {} : { waited: tenths(call.waited) }),
      requestBytes: call.requestBytes,
      answerBytes: call.answerBytes,
      ...(call.rule === undefined ? {} : { rule: call.rule }),
      ...(withArguments && call.arguments !== undefined ? { arguments: redactArguments(call.arguments) } : {}),
    },
  };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

const stopped: ReadonlySet<ToolOutcome> = new Set([
  'refused',
  'held',
  'declined',
  'denied',
  'approval-needed',
  'locked',
]);
