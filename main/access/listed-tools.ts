// A `tools/list` result, sorted out: what the server says under each name, and what it says under none.
import { hashOf } from './definition.ts';
import { memberOf } from './markings.ts';
import { folded, isDeceptive, isWhole, nameFault } from './tool-name.ts';

export interface ListedTool {
  readonly name: string;
  /** All that is said of it; two that are the same count once. */
  readonly values: readonly unknown[];
  /** Over all of that. */
  readonly hash: string;
}

/** In the order of the list. What has no name that could be judged is left out. */
export function toolsByName(tools: readonly unknown[]): ReadonlyMap<string, ListedTool> {
  const found = new Map<string, unknown[]>();
  for (const tool of tools) {
    const name = keepableName(memberOf(tool, 'name'));
    if (name === null) continue;
    const values = found.get(name);
    if (values === undefined) found.set(name, [tool]);
    else values.push(tool);
  }
  const listed = [...found].map(([name, values]) => {
    const distinct =
      values.length === 1 ? values : [...new Map(values.map((value) => [hashOf([value]), value])).values()];
    return [name, { name, values: distinct, hash: hashOf(distinct) }] as const;
  });
  return new Map(listed);
}

/** A name under which something can be remembered and found again; null for any other. */
export const keepableName = (name: unknown): string | null =>
  typeof name === 'string' && nameFault(name) === null && isWhole(name) ? name : null;

/** Names by how they look. */
export class LookAlikes {
  readonly #names = new Map<string, Set<string>>();

  add(name: string): void {
    const key = folded(name);
    const names = this.#names.get(key);
    if (names === undefined) this.#names.set(key, new Set([name]));
    else names.add(name);
  }

  remove(name: string): void {
    this.#names.get(folded(name))?.delete(name);
  }

  /** Other names that look like this one. */
  of(name: string): string[] {
    return [...(this.#names.get(folded(name)) ?? [])].filter((other) => other !== name);
  }
}

/** Why a tool is not agreed to together with the others of a first list; null: it is. */
export function suspicion(tool: ListedTool, others: LookAlikes): string | null {
  if (tool.values.length > 1) return duplicateWords;
  if (isDeceptive(tool.name)) return deceptiveWords;
  const [other] = others.of(tool.name);
  return other === undefined ? null : lookAlikeWords(other);
}

export const duplicateWords = 'the server lists several different tools under this name';
export const deceptiveWords = 'its name holds characters that cannot be seen';
export const lookAlikeWords = (other: string): string =>
  `its name looks like that of the tool ${JSON.stringify(other)}`;
