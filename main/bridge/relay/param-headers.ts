// `x-mcp-header`: which tool arguments a modern server wants to see in headers, and how a value is written there
// (2026-07-28 streamable-http, Custom Headers from Tool Parameters).
import type { JsonObject } from './types.ts';
import { asObject, asText } from './wire.ts';

interface Declaration {
  readonly path: readonly string[];
  readonly name: string;
}

/** What a tool's `inputSchema` declares, or why the tool must be left out. */
export type Declared =
  | { readonly kind: 'valid'; readonly declarations: readonly Declaration[] }
  | { readonly kind: 'invalid'; readonly because: string };

const annotation = 'x-mcp-header';
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
// Not `number`: a fraction has no one way to be written in a header.
const primitives = new Set(['string', 'integer', 'boolean']);
const single = ['items', 'contains', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'];
const choices = ['propertyNames', 'not', 'if', 'then', 'else', 'prefixItems', 'oneOf', 'anyOf', 'allOf'];
const named = ['patternProperties', 'dependentSchemas', '$defs', 'definitions'];
const deepest = 64;

/** Walks the schema without resolving a `$ref`; an annotation that no chain of `properties` reaches is an error. */
export function declaredHeaders(inputSchema: unknown): Declared {
  const declarations: Declaration[] = [];
  const taken = new Set<string>();

  const check = (schema: JsonObject, path: readonly string[], reachable: boolean): string | null => {
    const name = schema[annotation];
    if (!reachable || path.length === 0) return 'it is not on a property that `properties` alone lead to';
    if (typeof name !== 'string' || !token.test(name)) return 'its value is not a header name';
    if (!primitives.has(asText(schema['type']) ?? ''))
      return 'it is on a property that is no string, integer or boolean';
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
  return because === null ? { kind: 'valid', declarations } : { kind: 'invalid', because };
}

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
    const value = path.reduce<unknown>((node, key) => {
      const parent = asObject(node);
      return Object.hasOwn(parent, key) ? parent[key] : undefined;
    }, given);
    const text = asHeaderText(value);
    if (text !== null) headers[`Mcp-Param-${name}`] = encodeHeader(text);
  }
  return headers;
}

function asHeaderText(value: unknown): string | null {
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
