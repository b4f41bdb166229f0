// What is written down of tools that changed: one event for all that one list changed, and not without end.
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import type { Store } from '../store/types.ts';

const namedInEvent = 10;
/** A server that gives other definitions each time is held each time, but fills no page of the activity. */
const mostInHour = 20;
const hour = 60 * 60_000;

export interface PinEvents {
  changed(server: string, account: string, tools: readonly string[]): void;
  added(server: string, account: string, tools: readonly string[]): void;
  accepted(server: string, account: string, tools: readonly string[], by: 'person' | 'first list'): void;
}

export function pinEvents({ store, clock }: { store: Pick<Store, 'events'>; clock: Clock }): PinEvents {
  const lately = new Map<string, number[]>();

  const append = (kind: string, server: string, detail: Readonly<Record<string, unknown>>): void => {
    store.events.append({ at: clock.now(), server, grantId: null, kind, detail });
  };
  const byServer = (kind: string, server: string, account: string, tools: readonly string[]): void => {
    const now = clock.now();
    const recent = (lately.get(server) ?? []).filter((at) => now - at < hour);
    if (recent.length >= mostInHour) return;
    lately.set(server, [...recent, now]);
    append(kind, server, { account, ...named(tools) });
  };

  return {
    changed: (server, account, tools) => byServer('tool-changed', server, account, tools),
    added: (server, account, tools) => byServer('tool-new', server, account, tools),
    accepted: (server, account, tools, by) => append('tools-accepted', server, { account, by, ...named(tools) }),
  };
}

/** The server chose these names. */
const named = (tools: readonly string[]): { tools: string; count: number } => ({
  tools: `${tools
    .slice(0, namedInEvent)
    .map((tool) => quote(tool, 64))
    .join(', ')}${tools.length > namedInEvent ? ', …' : ''}`,
  count: tools.length,
});
