// Who may call what, said once more and slowly: sets of what is left over, and globs as sets of places. Shares no code with main/.
import type { Hints, Name, Pattern, PlannedRules } from './access-arbitraries.ts';

export type Mark = 'read-only' | 'destructive' | 'unmarked';

export interface OracleTool {
  readonly name: Name;
  /** Null: nobody knows the tool. */
  readonly mark: Mark | null;
}

export function markOf(hints: Hints): Mark {
  const says = new Set(Object.entries(hints ?? {}).flatMap(([name, value]) => (value === true ? [name] : [])));
  if (says.has('destructiveHint')) return 'destructive';
  return says.has('readOnlyHint') ? 'read-only' : 'unmarked';
}

/** Which of the tools may be called, and which of those only after a question. */
export function mayCall(
  rules: readonly PlannedRules[],
  tools: readonly OracleTool[],
): { readonly callable: ReadonlySet<OracleTool>; readonly asks: ReadonlySet<OracleTool> } {
  const concerned = rules.some(
    ({ tools, allow, deny, ask }) => tools === 'read-only' || allow.length + deny.length > 0 || ask !== 'never',
  );
  let left = new Set(tools.filter(({ name }) => text(name, 'text').trim() !== '' && text(name, 'text').length <= 256));
  const without = (gone: (tool: OracleTool) => boolean): void => {
    left = new Set([...left].filter((tool) => !gone(tool)));
  };
  if (concerned) without(({ name }) => name.some(({ deceptive }) => deceptive));
  for (const { deny, allow, tools: which } of rules) {
    for (const pattern of deny) without(({ name }) => isDenied(pattern, name));
    if (which === 'read-only') without(({ mark }) => mark !== 'read-only');
    if (allow.length > 0)
      without(({ name }) => !allow.some((pattern) => fits(spelt(pattern, 'text'), text(name, 'text'))));
  }
  const wanted = new Set(rules.map(({ ask }) => ask));
  const asks = [...left].filter(
    ({ mark }) =>
      (wanted.has('changes') && mark !== 'read-only') || (wanted.has('destructive') && mark === 'destructive'),
  );
  return { callable: left, asks: new Set(asks) };
}

type Spelling = 'text' | 'small' | 'plain' | 'bare' | 'means';
const spellings: readonly Spelling[] = ['text', 'small', 'plain', 'bare', 'means'];

const text = (name: Name, as: Spelling): string => name.map((atom) => atom[as]).join('');

function isDenied(pattern: Pattern, name: Name): boolean {
  return spellings.some((as) =>
    spellings.some((other) =>
      fits(spelt(pattern, as), other === 'means' ? text(name, other).trim() : text(name, other)),
    ),
  );
}

type Token = { readonly kind: 'star' } | { readonly kind: 'any' } | { readonly kind: 'char'; readonly char: string };

/** Blanks at the ends of a pattern are none of it; none of the atoms is one. */
const spelt = (pattern: Pattern, as: Spelling): Token[] =>
  pattern.flatMap((one): Token[] => {
    if (one === '*') return [{ kind: 'star' }];
    if (one === '?') return [{ kind: 'any' }];
    return chars(one[as]).map((char) => ({ kind: 'char', char }));
  });

const chars = (value: string): string[] => Array.from(value);

/** All places that can be reached by the tokens so far, one after another. */
function fits(tokens: readonly Token[], value: string): boolean {
  const all = chars(value);
  let places = new Set([0]);
  for (const token of tokens) {
    const next = new Set<number>();
    for (const place of places) {
      if (token.kind === 'star') for (let to = place; to <= all.length; to += 1) next.add(to);
      else if (place < all.length && (token.kind === 'any' || token.char === all[place])) next.add(place + 1);
    }
    places = next;
  }
  return places.has(all.length);
}
