// Rules for tools as the options of a command line say them: the same words wherever rules are given.
import { z } from 'zod';
import { toolRulesSchema } from '../../preload/contract.ts';
import type { ServerRules } from '../../preload/contract.ts';
import { UsageError } from './command.ts';
import type { OptionSpecs } from './command.ts';

type Rules = ServerRules['rules'];

const globs = { type: 'string', multiple: true, value: 'glob' } as const;

export const ruleOptions = {
  'read-only': { type: 'boolean', help: 'Let only tools through that are marked read-only' },
  allow: { ...globs, help: 'Let only tools of such a name through; repeatable' },
  deny: { ...globs, help: 'Let no tool of such a name through; repeatable' },
  ask: { type: 'string', value: 'when', help: 'Ask you before a call: never, destructive or changes' },
} as const satisfies OptionSpecs;

/** Where there are rules already, these take something of them back. */
export const changeOptions = {
  everything: { type: 'boolean', help: 'Let every tool through that no other rule is against' },
  ...ruleOptions,
  'no-allow': { type: 'boolean', help: 'Drop what --allow said' },
  'no-deny': { type: 'boolean', help: 'Drop what --deny said' },
} as const satisfies OptionSpecs;

export interface RulesGiven {
  readonly everything?: boolean;
  readonly 'read-only'?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly 'no-allow'?: boolean;
  readonly 'no-deny'?: boolean;
  readonly ask?: string;
}

/** What was said; nothing of what was not. @throws UsageError */
export function rulesGiven(given: RulesGiven): Partial<Rules> {
  contradict(given, 'everything', 'read-only');
  contradict(given, 'deny', 'no-deny');
  contradict(given, 'allow', 'no-allow');
  return {
    ...(given.everything ? { tools: 'everything' as const } : {}),
    ...(given['read-only'] ? { tools: 'read-only' as const } : {}),
    ...(given['no-allow'] ? { allow: [] } : given.allow === undefined ? {} : { allow: [...given.allow] }),
    ...(given['no-deny'] ? { deny: [] } : given.deny === undefined ? {} : { deny: [...given.deny] }),
    ...(given.ask === undefined ? {} : { ask: choice('--ask', toolRulesSchema.shape.ask, given.ask) }),
  };
}

function contradict(given: RulesGiven, one: keyof RulesGiven, other: keyof RulesGiven): void {
  const isSaid = (name: keyof RulesGiven): boolean => given[name] !== undefined && given[name] !== false;
  if (isSaid(one) && isSaid(other)) throw new UsageError(`--${one} and --${other} contradict`);
}

/** @throws UsageError */
export function choice<T extends string>(
  option: string,
  schema: z.ZodType<T> & { readonly options: readonly T[] },
  given: string,
  more: readonly string[] = [],
): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${option} takes ${[...schema.options, ...more].join(', ')}`);
}
