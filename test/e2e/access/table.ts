// Who may what, twice: as the broker's own tables say it, and as an oracle that shares no code with it reads the same rules.
import { expect } from 'vitest';
import type { ControlClient } from '../../../main/control/client.ts';
import type { ToolRules } from '../../../main/access/types.ts';
import { definitionOf, rulesOf, textOf } from '../../support/access-arbitraries.ts';
import type { Name, PlannedRules, PlannedTool } from '../../support/access-arbitraries.ts';
import { markOf, mayCall, type Mark } from '../../support/access-oracle.ts';

export type Expected = 'allowed' | 'ask' | 'refused';

/** One agent, one server, one account, with the approval that stands between them. */
export interface Place {
  readonly agentId: string;
  readonly server: string;
  readonly account: string;
  readonly approval: string;
}

/** What a person agreed to, and what the server said last; by the tool's name. */
export class AgreedTools {
  readonly #accepted = new Map<string, PlannedTool>();
  readonly #seen = new Map<string, PlannedTool>();

  /** The broker got this list; with the first one, what looks like nothing else and can be seen is agreed to. */
  listed(tools: readonly PlannedTool[]): void {
    const isFirst = this.#accepted.size === 0;
    for (const tool of tools) this.#seen.set(textOf(tool.name), tool);
    if (!isFirst) return;
    for (const tool of tools) {
      const twins = tools.filter((other) => other !== tool && meaning(other) === meaning(tool));
      const deceptive = tool.name.some((atom) => atom.deceptive);
      if (twins.length === 0 && !deceptive && hasName(tool)) this.#accepted.set(textOf(tool.name), tool);
    }
  }

  /** The person looked at it as it was listed last. */
  accept(name: string): void {
    const seen = this.#seen.get(name);
    if (seen !== undefined) this.#accepted.set(name, seen);
  }

  /** Null: nothing was agreed to under that name, or the server says something else now. */
  mark(name: Name): Mark | null {
    const [accepted, seen] = [this.#accepted.get(textOf(name)), this.#seen.get(textOf(name))];
    return accepted !== undefined && seen !== undefined && same(accepted, seen) ? markOf(accepted.hints) : null;
  }

  held(): string[] {
    return [...this.#seen.values()]
      .filter((tool) => hasName(tool) && this.mark(tool.name) === null)
      .map(({ name }) => textOf(name))
      .sort();
  }
}

const meaning = ({ name }: PlannedTool): string =>
  name
    .map(({ means }) => means)
    .join('')
    .trim();
const hasName = ({ name }: PlannedTool): boolean => textOf(name).trim() !== '';
const same = (one: PlannedTool, other: PlannedTool): boolean =>
  JSON.stringify(definitionOf(one)) === JSON.stringify(definitionOf(other));

/** What becomes of a call of each of the names. */
export function expectedOf(rules: readonly PlannedRules[], agreed: AgreedTools, names: readonly Name[]): Expected[] {
  const tools = names.map((name) => ({ name, mark: agreed.mark(name) }));
  const { callable, asks } = mayCall(
    rules,
    tools.filter(({ mark }) => mark !== null),
  );
  return tools.map((tool) => (asks.has(tool) ? 'ask' : callable.has(tool) ? 'allowed' : 'refused'));
}

/** The tables of the broker hold exactly what was planned: an oracle on the plan is an oracle on them. */
export async function expectTables(
  person: ControlClient,
  place: Place,
  planned: { readonly approval: PlannedRules; readonly server: PlannedRules },
  agreed: AgreedTools,
): Promise<void> {
  const { server, account } = place;
  const [{ approvals }, ofServer, tools] = await Promise.all([
    person.approvals.list(),
    person.tools.rules({ server }),
    person.tools.list({ server, account }),
  ]);
  const row = approvals.find(({ id }) => id === place.approval);
  expect(row).toMatchObject({ agentId: place.agentId, server, account, decision: 'allow', lasts: 'always' });
  expect(row?.rules).toEqual(plain(rulesOf(planned.approval)));
  expect(ofServer.rules).toEqual(plain(rulesOf(planned.server)));
  expect(
    tools
      .filter(({ state }) => state === 'held')
      .map(({ tool }) => tool)
      .sort(),
  ).toEqual(agreed.held());
}

const plain = ({ tools, allow, deny, ask }: ToolRules): ToolRules => ({ tools, allow, deny, ask });
