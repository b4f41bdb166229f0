// What makes two tries the same request: its method and its parameters, in whatever order they came.
import { createHash } from 'node:crypto';
import type { JsonObject } from './relay/types.ts';
import { without } from './relay/wire.ts';

/** A digest: what was asked may be large, and a question about it can stay open for long. */
export function aboutOf(method: string, params: JsonObject | undefined): string {
  const asked = sorted(without(params ?? {}, '_meta', 'inputResponses', 'requestState'));
  return createHash('sha256')
    .update(JSON.stringify([method, asked]))
    .digest('base64');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => [name, sorted(entry)]);
}
