// What happened, page by page, and as a file that neither a spreadsheet nor a person can be tricked with.
import type { Activity, ActivityFilter, ContractOutputs } from '../../preload/contract.ts';
import type { EventRow, Store } from '../store/types.ts';
import { csvRow } from './csv.ts';

const usualLimit = 100;
/** How many rows are read at once for a file. */
const exportStep = 1_000;

type Events = Pick<Store['events'], 'page'>;

/** The detail goes through JSON, so that whatever prints as `[secret]` does so before it leaves. */
export function eventView(event: EventRow): EventRow {
  return { ...event, detail: JSON.parse(JSON.stringify(event.detail)) as Record<string, unknown> };
}

export function activityItem(event: EventRow): Activity {
  const view = eventView(event);
  const agent = view.detail['agent'];
  return { ...view, agent: typeof agent === 'string' ? agent.slice(0, 256) : null };
}

/** Newest first. Keyset paging: what happens meanwhile moves no page. */
export function activityPage(
  events: Events,
  query: ActivityFilter & { before?: number | undefined; limit?: number | undefined },
): ContractOutputs['activity']['list'] {
  const limit = query.limit ?? usualLimit;
  // One more than asked for: whether there is a next page is known without another look.
  const found = events.page({
    ...wanted(query),
    ...(query.before === undefined ? {} : { before: query.before }),
    limit: limit + 1,
  });
  const items = found.slice(0, limit).map(activityItem);
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Oldest first, as logs are read. @param now milliseconds since the epoch, for the name of the file */
export function exportActivity(
  events: Events,
  format: 'jsonl' | 'csv',
  filter: ActivityFilter,
  now: number,
): ContractOutputs['activity']['export'] {
  const items = everything(events, filter).toReversed();
  const day = new Date(now).toISOString().slice(0, 10);
  const name = `tokentray-activity-${day}.${format}`;
  if (format === 'jsonl') {
    const content = items.map((item) => `${JSON.stringify({ ...item, at: isoTime(item.at) })}\n`).join('');
    return { name, mediaType: 'application/jsonl', content };
  }
  const rows = items.map((item) => [
    String(item.id),
    isoTime(item.at),
    item.server ?? '',
    item.agent ?? '',
    item.kind,
    JSON.stringify(item.detail),
  ]);
  const content = [['id', 'time', 'server', 'agent', 'kind', 'detail'], ...rows].map(csvRow).join('');
  return { name, mediaType: 'text/csv; charset=utf-8', content };
}

function everything(events: Events, filter: ActivityFilter): Activity[] {
  const items: Activity[] = [];
  for (let before: number | undefined; ; before = items.at(-1)?.id) {
    const step = events.page({ ...wanted(filter), ...(before === undefined ? {} : { before }), limit: exportStep });
    items.push(...step.map(activityItem));
    if (step.length < exportStep) return items;
  }
}

const wanted = ({ server, agent, kind }: ActivityFilter) => ({
  ...(server === undefined ? {} : { server }),
  ...(agent === undefined ? {} : { agent }),
  ...(kind === undefined ? {} : { kind }),
});

const isoTime = (at: number): string => new Date(at).toISOString();
