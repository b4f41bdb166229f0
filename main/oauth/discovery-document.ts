// Asking one address for one metadata document, and what came of it: nothing here throws, every outcome is a value.
import { z } from 'zod';
import { assertNever, isTokentrayError, type TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { freshFor, type DocumentFetch } from './discovery-cache.ts';

/** What was learned at one address, for people: `doctor` prints these and errors count them. */
export interface Finding {
  readonly about: 'resource metadata' | 'authorization server metadata' | 'endpoint' | 'issuer';
  readonly url: string;
  readonly outcome:
    | 'used'
    /** Used, though it bends a rule. */
    | 'unusual'
    /** Nothing is published there: 4xx, or a page instead of a document. */
    | 'absent'
    /** Not now: no connection, 5xx, 429. */
    | 'later'
    /** A document that does not hold together or that is about something else. */
    | 'rejected';
  readonly status: number | null;
  /** One sentence; foreign text in it is quoted. */
  readonly detail: string;
}

export type DocumentAnswer =
  | {
      readonly kind: 'document';
      readonly status: number;
      readonly json: Record<string, unknown>;
      readonly freshForMs: number;
    }
  | { readonly kind: 'absent'; readonly status: number; readonly detail: string }
  | {
      readonly kind: 'later';
      readonly status: number | null;
      readonly detail: string;
      readonly error: TokentrayError | null;
    }
  /** An address that must not be asked. */
  | { readonly kind: 'refused'; readonly error: TokentrayError };

const object = z.record(z.string(), z.unknown());

/** GETs a metadata document (RFC 9728 section 3.1, RFC 8414 section 3.1). Redirects are the fetch's business. */
export async function requestDocument(http: DocumentFetch, url: string): Promise<DocumentAnswer> {
  let response: Response;
  let body: string;
  try {
    response = await http(url, { headers: { accept: 'application/json' } });
    body = await response.text();
  } catch (error) {
    if (isTokentrayError(error, 'forbidden_address', 'insecure_url', 'unsafe_url', 'response_too_large')) {
      return { kind: 'refused', error };
    }
    if (!isTokentrayError(error)) throw error;
    return { kind: 'later', status: null, detail: error.message, error };
  }
  const { status } = response;
  if (status === 429 || status >= 500) return { kind: 'later', status, detail: `answered ${status}`, error: null };
  if (status !== 200) return { kind: 'absent', status, detail: `answered ${status}` };
  const json = readObject(body);
  if (json === null) return { kind: 'absent', status, detail: whatInstead(response, body) };
  return { kind: 'document', status, json, freshForMs: freshFor(response.headers) };
}

function readObject(body: string): Record<string, unknown> | null {
  try {
    return object.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

function whatInstead(response: Response, body: string): string {
  const page = /^\s*<(?:!doctype|html)/i.test(body) || /\bhtml\b/i.test(response.headers.get('content-type') ?? '');
  return page ? 'answered with a web page instead of JSON' : `answered with no JSON object: ${quote(body, 80)}`;
}

/** The finding of an answer that led nowhere. */
export function deadEnd(
  about: Finding['about'],
  url: string,
  answer: Exclude<DocumentAnswer, { kind: 'document' }>,
): Finding {
  switch (answer.kind) {
    case 'absent':
      return { about, url, outcome: 'absent', status: answer.status, detail: answer.detail };
    case 'later':
      return { about, url, outcome: 'later', status: answer.status, detail: answer.detail };
    case 'refused':
      return { about, url, outcome: 'rejected', status: null, detail: answer.error.message };
    default:
      return assertNever(answer);
  }
}

// Pieces of the two documents' schemas. A member of the wrong kind counts as absent: one slip of a server in a field
// that is not needed must not make the whole document worthless (`null` for "none" is the commonest).

const word = z.string().max(4_096);
const words = z.array(z.unknown()).max(2_000);

export const optionalText = word.optional().catch(undefined);
export const optionalList = z
  .union([words, word.transform((text) => text.split(/[\s,]+/).filter((item) => item !== ''))])
  .transform((items: unknown[]) =>
    items.filter((item): item is string => typeof item === 'string' && item.length <= 1_024).slice(0, 500),
  )
  .optional()
  .catch(undefined);
export const optionalFlag = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
  .optional()
  .catch(undefined);

/** The members that are there: `undefined` is not the same as absent for those who read them. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
