// What a schema refused, in a person's words: which part of the input, and what it may be.
import { z } from 'zod';
import { quote } from '../quote.ts';

/** As zod gives them; everything is optional, for another version of the broker may say less. */
const issueSchema = z.object({
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  code: z.string().optional(),
  origin: z.string().optional(),
  expected: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  values: z.array(z.union([z.string(), z.number(), z.boolean()])).optional(),
  keys: z.array(z.string()).optional(),
});
type Issue = z.output<typeof issueSchema>;

const issuesSchema = z.object({ issues: z.array(issueSchema).min(1) });

/** What zod says where a schema has no words of its own. */
const machineWords = /^(?:Too (?:big|small)|Invalid|Unrecognized)\b/u;

/** Parts of the input by their names in the contract; the second is for one of several. */
const parts: Readonly<Record<string, readonly [one: string, ofSeveral?: string]>> = {
  name: ['the name'],
  server: ['the name of the server'],
  url: ['the address'],
  account: ['the name of the account'],
  id: ['the id'],
  agentId: ['the id of the agent'],
  folder: ['the folder'],
  allow: ['the list of what is allowed', 'a name that is allowed'],
  deny: ['the list of what is denied', 'a name that is denied'],
  tools: ['the tools', 'a tool'],
  tool: ['the name of the tool'],
  scopes: ['the scopes', 'a scope'],
  pinnedScopes: ['the scopes', 'a scope'],
  issuer: ['the issuer'],
  client_id: ['the client id'],
  client_secret: ['the client secret'],
  passphrase: ['the passphrase'],
  callback: ['the address'],
};

/** The first of them; null for what holds none. */
export function issueWords(data: unknown): string | null {
  const parsed = issuesSchema.safeParse(data);
  const [issue] = parsed.success ? parsed.data.issues : [];
  if (issue === undefined) return null;
  if (!machineWords.test(issue.message)) return issue.message;
  return `${partOf(issue.path ?? [])} ${faultOf(issue)}`;
}

function partOf(path: NonNullable<Issue['path']>): string {
  const last = path.at(-1);
  const name = path.findLast((step) => typeof step === 'string');
  if (name === undefined) return 'the input';
  const known = Object.hasOwn(parts, name) ? parts[name] : undefined;
  const [one, ofSeveral = one] = known ?? [quote(name, 64)];
  return typeof last === 'number' ? ofSeveral : one;
}

function faultOf(issue: Issue): string {
  const { code, origin, expected, minimum, maximum, message } = issue;
  const isMissing = code === 'invalid_type' && message.endsWith('received undefined');
  if (isMissing) return 'is missing';
  switch (code) {
    case 'too_big':
      if (origin === 'string') return `is too long: ${counted(maximum, 'character')} at most`;
      if (origin === 'array') return `has too many entries: ${maximum} at most`;
      return `is too large: ${maximum} at most`;
    case 'too_small':
      if (minimum === 1 && origin !== 'number') return 'is empty';
      if (origin === 'string') return `is too short: ${counted(minimum, 'character')} at least`;
      if (origin === 'array') return `has too few entries: ${minimum} at least`;
      return `is too small: ${minimum} at least`;
    case 'invalid_type':
      return expected === 'int' ? 'has to be a whole number' : `has to be ${kinds[expected ?? ''] ?? 'something else'}`;
    case 'invalid_value':
      return `has to be one of ${(issue.values ?? []).join(', ')}`;
    case 'invalid_format':
      return 'is not written as such a thing is';
    case 'unrecognized_keys':
      return `holds what is not known here: ${(issue.keys ?? []).map((key) => quote(key, 64)).join(', ')}`;
    default:
      return 'is not what it has to be';
  }
}

const counted = (count: number | undefined, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};
