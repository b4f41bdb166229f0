// What a tool's definition says of its effects: hints of the server, believed only as far as the person agreed to them.
import type { Marking } from './rules.ts';

/**
 * `readOnlyHint` and `destructiveHint` of the annotations (2025-11-25, ToolAnnotations). Only `true` is a mark: the defaults
 * of the specification are no word of the server. What calls itself both is destructive.
 */
export function markingOf(definition: unknown): Marking {
  const annotations = memberOf(definition, 'annotations');
  if (memberOf(annotations, 'destructiveHint') === true) return 'destructive';
  return memberOf(annotations, 'readOnlyHint') === true ? 'read-only' : 'unmarked';
}

/** Of what was agreed to and what there is now, the one that lets through less. */
export function stricter(one: Marking, other: Marking): Marking {
  if (one === 'destructive' || other === 'destructive') return 'destructive';
  return one === 'read-only' && other === 'read-only' ? 'read-only' : 'unmarked';
}

/** A member of its own; undefined where the value is no object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
