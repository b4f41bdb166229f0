// Members that an agent's library could take for another: what is hidden in a list must not come by a second name for it.
import { foldedText } from '../access/tool-name.ts';
import type { JsonObject } from './relay/types.ts';

/** The object without members that are only almost called `name`; the same object where there are none. */
export function withoutLookAlikes(value: JsonObject, name: string): JsonObject {
  const alike = (member: string): boolean => member !== name && foldedText(member) === name;
  if (!Object.keys(value).some(alike)) return value;
  return Object.fromEntries(Object.entries(value).filter(([member]) => !alike(member)));
}
