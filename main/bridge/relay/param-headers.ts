// `x-mcp-header`: which tool arguments a modern server wants to see in headers, how a value is written there, and whether the
// headers of a call say what its body says (2026-07-28 streamable-http, Custom Headers from Tool Parameters).
import { literalOf, sameNumber } from '../../access/exact-number.ts';
import { textOfHeader } from '../../access/message.ts';
import { quote } from '../../quote.ts';
import type { JsonObject } from './types.ts';
import { asObject, asText } from './wire.ts';

export interface Declaration {
  readonly path: readonly string[];
  readonly name: string;
}

/**
 * What a tool's `inputSchema` declares, or why the tool must be left out. Where nothing else is wrong than that a header is
 * for a `number`, there are agents and servers that hold to it all the same.
 */
export type Declared =
  | { readonly kind: 'valid'; readonly declarations: readonly Declaration[] }
  | { readonly kind: 'invalid'; readonly because: string; readonly declarations: readonly Declaration[] };

const annotation = 'x-mcp-header';
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const primitives = new Set(['string', 'integer', 'boolean']);
const single = ['items', 'contains', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'];
const choices = ['propertyNames', 'not', 'if', 'then', 'else', 'prefixItems', 'oneOf', 'anyOf', 'allOf'];
const named = ['patternProperties', 'dependentSchemas', '$defs', 'definitions'];
const deepest = 64;

/** Walks the schema without resolving a `$ref`; an annotation that no chain of `properties` reaches is an error. */
export function declaredHeaders(inputSchema: unknown): Declared {
  const declarations: Declaration[] = [];
  const taken = new Set<string>();
  // A fraction has no one way to be written in a header.
  let hasNumber = false;

  const check = (schema: JsonObject, path: readonly string[], reachable: boolean): string | null => {
    const name = schema[annotation];
    if (!reachable || path.length === 0) return 'it is not on a property that `properties` alone lead to';
    if (typeof name !== 'string' || !token.test(name)) return 'its value is not a header name';
    const type = asText(schema['type']) ?? '';
    if (type === 'number') hasNumber = true;
    else if (!primitives.has(type)) return noPrimitive;
    if (taken.has(name.toLowerCase())) return 'the same header is named twice';
    taken.add(name.toLowerCase());
    declarations.push({ path, name });
    return null;
  };

  const visit = (value: unknown, path: readonly string[], reachable: boolean, depth: number): string | null => {
    if (typeof value !== 'object' || value === null) return null;
    if (depth > deepest) return 'the schema is nested too deeply';
    const schema = value as JsonObject;
    const wrong = Object.hasOwn(schema, annotation) ? check(schema, path, reachable) : null;
    if (wrong !== null) return wrong;
    for (const [key, child] of Object.entries(asObject(schema['properties']))) {
      const found = visit(child, [...path, key], reachable, depth + 1);
      if (found !== null) return found;
    }
    for (const child of elsewhere(schema)) {
      const found = visit(child, path, false, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };

  const because = visit(inputSchema, [], true, 0);
  if (because !== null) return { kind: 'invalid', because, declarations: [] };
  return hasNumber ? { kind: 'invalid', because: noPrimitive, declarations } : { kind: 'valid', declarations };
}

const noPrimitive = 'it is on a property that is no string, integer or boolean';

function elsewhere(schema: JsonObject): unknown[] {
  const direct = [...single, ...choices].flatMap((key) => {
    const value = schema[key];
    return Array.isArray(value) ? (value as unknown[]) : [value];
  });
  return [...direct, ...named.flatMap((key) => Object.values(asObject(schema[key])))];
}

/** The `Mcp-Param-*` headers of one call. A value that is absent, null or no primitive gets none. */
export function paramHeaders(declarations: readonly Declaration[], given: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { path, name } of declarations) {
    const text = asHeaderText(valueAt(path, given));
    if (text !== null) headers[`Mcp-Param-${name}`] = encodeHeader(text);
  }
  return headers;
}

const valueAt = (path: readonly string[], given: unknown): unknown =>
  path.reduce<unknown>((node, key) => {
    const parent = literalOf(node) === null ? asObject(node) : {};
    return Object.hasOwn(parent, key) ? parent[key] : undefined;
  }, given);

function asHeaderText(value: unknown): string | null {
  const literal = literalOf(value);
  // -0, that is; every other number that JavaScript cannot hold is beyond what a header may have.
  if (literal !== null) return sameNumber(literal, '0') ? '0' : null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : String(value);
}

const plain = /^[\u0021-\u007e](?:[\u0020-\u007e\t]*[\u0021-\u007e])?$/u;

/** Visible ASCII as it is; anything else, and what looks like our own marker, in the marked Base64 form. */
export function encodeHeader(value: string): string {
  if (plain.test(value) && !(value.startsWith('=?base64?') && value.endsWith('?='))) return value;
  return `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/**
 * Why the headers of a call do not say what its arguments say, as a sentence; null: they do. A server that goes by headers
 * alone would take what is not declared, too, for it may have changed its mind since it was asked.
 * @param headers by what comes after `mcp-param-`, in small letters @param needed those that are declared have to be there
 */
export function paramsDisagree(
  declarations: readonly Declaration[],
  given: unknown,
  headers: ReadonlyMap<string, string>,
  needed: boolean,
): string | null {
  const undeclared = new Set(headers.keys());
  for (const { path, name } of declarations) {
    const header = headers.get(name.toLowerCase());
    undeclared.delete(name.toLowerCase());
    const value = valueAt(path, given);
    if (header === undefined) {
      if (needed && asHeaderText(value) !== null) return `The header ${paramHeader(name)} is missing.`;
    } else if (!says(header, value)) return `The header ${paramHeader(name)} differs from the body.`;
  }
  const [first] = undeclared;
  return first === undefined ? null : `The header ${paramHeader(first)} is none that the tool declares.`;
}

/** As it is told of. */
export const paramHeader = (name: string): string => quote(`mcp-param-${name.toLowerCase()}`, 80);

/** As many would write an integer; `42.0` is one too (Server Validation). */
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/u;

function says(header: string, value: unknown): boolean {
  const text = textOfHeader(header);
  if (text === null) return false;
  if (typeof value === 'string') return text === value;
  if (typeof value === 'boolean') return text === String(value);
  const literal = typeof value === 'number' ? String(value) : literalOf(value);
  if (literal === null) return false;
  return text === literal || (plainNumber.test(text) && sameNumber(text, literal));
}
