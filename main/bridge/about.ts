// What makes two tries the same request: its method and its parameters, in whatever order they came.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../access/canonical.ts';
import type { JsonObject } from './relay/types.ts';
import { without } from './relay/wire.ts';

/** A digest: what was asked may be large, and a question about it can stay open for long. */
export function aboutOf(method: string, params: JsonObject | undefined): string {
  const asked = without(params ?? {}, '_meta', 'inputResponses', 'requestState');
  return createHash('sha256')
    .update(canonicalJson([method, asked]))
    .digest('base64');
}
