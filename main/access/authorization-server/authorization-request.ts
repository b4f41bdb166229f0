// An authorization request reduced to what the bridge knows: whatever else is in it counts for nothing.
import { scope } from './addresses.ts';

export type Asked = { readonly query: string } | { readonly fault: string };

/** What is handed on as it came; twice where it came twice, for the provider refuses that. */
const known = [
  'client_id',
  'redirect_uri',
  'response_type',
  'state',
  'code_challenge',
  'code_challenge_method',
  'resource',
  // Refused by the provider, with the words that RFC 9101 has for it.
  'request',
  'request_uri',
] as const;

const longest = 4_096;

/**
 * The scope is always the one there is, and OpenID Connect's parameters are not known: nobody signs in here as anybody.
 * @param only what an agent means that names no resource; null: nothing can be said
 */
export function normalised(asked: URLSearchParams, { only }: { readonly only: string | null }): Asked {
  const query = new URLSearchParams();
  for (const name of known) {
    for (const value of asked.getAll(name)) {
      if (value.length > longest) return { fault: `The parameter ${name} is too long.` };
      query.append(name, value);
    }
  }
  if (!query.has('resource') && only !== null) query.set('resource', only);
  const mode = asked.get('response_mode');
  if (mode !== null && mode !== 'query') return { fault: 'The answer is sent in the query only (response_mode).' };
  query.set('scope', scope);
  // "Do not ask" is answered with an error; any other wish about pages changes nothing: the person is asked.
  if (asked.get('prompt')?.split(' ').includes('none') === true) query.set('prompt', 'none');
  return { query: query.toString() };
}
