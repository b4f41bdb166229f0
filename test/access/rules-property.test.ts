// Whatever rules, tools and calls come together: what is hidden is refused, what is shown can be called, as a slow oracle says.
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPins } from '../../main/access/pins.ts';
import type { Pins } from '../../main/access/pins.ts';
import { judge } from '../../main/access/rules.ts';
import type { Pinning, ToolRules } from '../../main/access/types.ts';
import type { Store } from '../../main/store/types.ts';
import { open, serverRow } from '../store/fixture.ts';
import {
  definitionOf,
  hints,
  plannedRules,
  plannedTool,
  rulesOf,
  textOf,
  toolName,
} from '../support/access-arbitraries.ts';
import type { Hints, Name, PlannedTool } from '../support/access-arbitraries.ts';
import { markOf, mayCall } from '../support/access-oracle.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const runs = 1_000;

/** What an agent gets to see of a list, and what becomes of a call, as the guard decides both. */
const access = (pins: Pins, server: string, rules: readonly ToolRules[]) => {
  const call = (name: unknown): 'allowed' | 'ask' | 'refused' => {
    const { state, marked, known } = pins.standing(server, 'default', name);
    return state === 'held' ? 'refused' : judge(rules, { name, marked, known }).kind;
  };
  const shown = (tools: readonly Record<string, unknown>[]): Set<unknown> =>
    new Set(
      pins
        .filter(server, 'default', tools)
        .map((tool) => (tool as { name: unknown }).name)
        .filter((name) => {
          const { marked, known } = pins.standing(server, 'default', name);
          return judge(rules, { name, marked, known }).kind !== 'refused';
        }),
    );
  return { call, shown };
};

describe('rules', () => {
  it('let through what an independent reading of them lets through, and ask where it asks', () => {
    const tool = fc.record({ name: toolName, hints: fc.oneof(fc.constant<null>(null), hints), known: fc.boolean() });
    const verdicts = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(plannedRules, { maxLength: 3 }),
        fc.array(tool, { minLength: 1, maxLength: 6 }),
        (rules, tools) => {
          const read = tools.map((one) => ({ name: one.name, mark: one.known ? markOf(one.hints) : null }));
          const { callable, asks } = mayCall(rules, read);
          for (const one of read) {
            const expected = asks.has(one) ? 'ask' : callable.has(one) ? 'allowed' : 'refused';
            const given = { name: textOf(one.name), marked: one.mark ?? 'unmarked', known: one.mark !== null } as const;
            expect(judge(rules.map(rulesOf), given).kind, JSON.stringify(given)).toBe(expected);
            verdicts.add(expected);
          }
        },
      ),
      { numRuns: runs },
    );
    expect(verdicts.size).toBe(3);
  });
});

describe('rules and pinned tools together', () => {
  let store: Store;
  let count = 0;
  beforeAll(() => {
    ({ store } = open());
  });

  it('hide exactly what they refuse to call, before a change of the tools and after it', () => {
    const changedTool = fc.record({ at: fc.nat(), hints, words: fc.constantFrom('Other.', 'Writes.') });
    const seen = { hidden: 0, shown: 0, held: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom<Pinning>('hold', 'warn', 'off'),
        fc.array(plannedRules, { maxLength: 2 }),
        fc.array(plannedTool, { minLength: 1, maxLength: 5 }),
        fc.array(fc.oneof(plannedTool, changedTool), { maxLength: 3 }),
        fc.array(toolName, { maxLength: 3 }),
        (pinning, planned, first, changes, strangers) => {
          // Some keep their name and say something else.
          const later = changes.map((one) =>
            'at' in one ? { ...one, name: (first[one.at % first.length] ?? first[0])?.name ?? [] } : one,
          );
          const server = `s${(count += 1)}`;
          store.servers.add(serverRow(server));
          const pins = createPins({ store, clock: createFakeClock(), pinning: () => pinning, onHeld: () => undefined });
          const rules = planned.map(rulesOf);
          const { call, shown } = access(pins, server, rules);
          for (const tools of [first, [...first.slice(1), ...later]]) {
            const list = tools.map(definitionOf);
            pins.seen(server, 'default', list, { agreed: true });
            const visible = shown(list);
            for (const { name } of tools) {
              const outcome = call(textOf(name));
              expect(visible.has(textOf(name)), `${JSON.stringify(textOf(name))} ${outcome}`).toBe(
                outcome !== 'refused',
              );
              seen[outcome === 'refused' ? 'hidden' : 'shown'] += 1;
            }
          }
          for (const { name } of strangers.map((name): Pick<PlannedTool, 'name'> => ({ name }))) {
            const listed = [...first, ...later].some((tool) => textOf(tool.name) === textOf(name));
            if (listed) continue;
            const { state, marked } = pins.standing(server, 'default', textOf(name));
            // Nothing that was never listed is read-only, and under `hold` nothing of it is called once tools were agreed to.
            expect(marked).not.toBe('read-only');
            if (pinning === 'hold' && pins.list(server, 'default').some((one) => one.accepted !== null)) {
              expect(state).toBe('held');
              seen.held += 1;
            }
          }
        },
      ),
      { numRuns: runs },
    );
    expect(Math.min(seen.hidden, seen.shown, seen.held)).toBeGreaterThan(100);
  });

  it('let a tool through after any change only as it was agreed to', () => {
    const change = fc.record({ hints, words: fc.constantFrom('', 'Reads.', 'Writes.') });
    fc.assert(
      fc.property(toolName, change, fc.array(change, { maxLength: 4 }), (name: Name, first, later) => {
        const server = `s${(count += 1)}`;
        store.servers.add(serverRow(server));
        const pins = createPins({ store, clock: createFakeClock(), pinning: () => 'hold', onHeld: () => undefined });
        const list = (one: { hints: Hints; words: string }) => [definitionOf({ name, ...one })];
        pins.seen(server, 'default', list(first), { agreed: true });
        const deceptive = name.some((atom) => atom.deceptive);
        for (const one of [first, ...later]) {
          pins.seen(server, 'default', list(one), { agreed: true });
          const isSame = JSON.stringify(list(one)) === JSON.stringify(list(first));
          const { state, marked } = pins.standing(server, 'default', textOf(name));
          if (textOf(name).trim() === '' || deceptive) expect(state).not.toBe('accepted');
          else expect(state).toBe(isSame ? 'accepted' : 'held');
          if (marked === 'read-only') expect(markOf(first.hints)).toBe('read-only');
        }
      }),
      { numRuns: runs },
    );
  });
});
