// What an event of the record is called in front of a person, and what it says beyond its name. Pure; kinds of a newer broker stay readable.
import type { Activity } from '../../preload/contract.ts';
import { exactTime } from '../words/time.ts';

export type EventTone = 'fine' | 'idle' | 'busy' | 'needs-you' | 'danger';

export interface EventWords {
  readonly title: string;
  readonly tone: EventTone;
  /** Why, or with what; parts of it come from outside. Null when the title says it all. */
  readonly detail: string | null;
}

type Detail = Activity['detail'];
interface Kind {
  readonly title: string;
  readonly tone: EventTone;
  readonly detail?: (detail: Detail) => string | null;
}

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['server-added', { title: 'Server added', tone: 'idle', detail: (d) => word(d, 'url') }],
  ['signed-in', { title: 'Signed in', tone: 'fine', detail: signedIn }],
  ['sign-in-failed', { title: 'Sign-in failed', tone: 'danger', detail: why }],
  ['refreshed', { title: 'Token refreshed', tone: 'fine', detail: refreshed }],
  ['refresh-failed', { title: 'Refresh failed', tone: 'danger', detail: why }],
  ['grant-ended', { title: 'Grant ended', tone: 'needs-you', detail: ended }],
  ['step-up-asked', { title: 'More scopes wanted', tone: 'busy', detail: scopes }],
  ['step-up-failed', { title: 'Step-up failed', tone: 'danger', detail: scopes }],
  ['registered', { title: 'Client registered', tone: 'idle', detail: registered }],
  ['registration-replaced', { title: 'Client registered again', tone: 'idle', detail: registered }],
  ['revoked', { title: 'Revoked', tone: 'needs-you', detail: revoked }],
  [
    'forgotten',
    { title: 'Server forgotten', tone: 'idle', detail: () => 'its grant and secrets were removed from this machine' },
  ],
  ['cache-cleared', { title: 'Cache cleared', tone: 'idle', detail: cleared }],
  ['adopted', { title: 'Grant taken up again', tone: 'fine', detail: (d) => word(d, 'issuer') }],
  ['used', { title: 'Used by an agent', tone: 'idle', detail: used }],
  ['paused', { title: 'Paused', tone: 'needs-you', detail: () => 'no agent got through from here on' }],
  ['resumed', { title: 'Resumed', tone: 'fine', detail: () => 'agents are let through again' }],
  ['agent-added', { title: 'Agent added', tone: 'idle' }],
  ['agent-rotated', { title: 'Agent’s key rotated', tone: 'idle' }],
  ['agent-revoked', { title: 'Agent revoked', tone: 'needs-you' }],
  ['settings-changed', { title: 'Settings changed', tone: 'idle' }],
]);

/** The name of a kind alone, for a filter. */
export function kindTitle(kind: string): string {
  return kinds.get(kind)?.title ?? spaced(kind);
}

export function describeEvent(event: Pick<Activity, 'kind' | 'detail'>): EventWords {
  const kind = kinds.get(event.kind);
  if (kind === undefined) return { title: spaced(event.kind), tone: 'idle', detail: null };
  const detail = kind.detail?.(event.detail) ?? word(event.detail, 'agent');
  return { title: kind.title, tone: kind.tone, detail: detail === '' ? null : detail };
}

/** Everything that an event carries, name beside value, for the view of one event. */
export function eventFacts(event: Pick<Activity, 'detail'>): readonly (readonly [name: string, value: string])[] {
  return Object.entries(event.detail).map(([name, value]) => [spaced(name), factText(name, value)] as const);
}

function factText(name: string, value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return /(?:At|_at)$/u.test(name) ? exactTime(value) : String(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) {
    return value.length === 0 ? 'none' : value.join(', ');
  }
  return JSON.stringify(value);
}

// details -------------------------------------------------------------------------------------------------------------

function signedIn(detail: Detail): string {
  const granted = words(detail, 'granted');
  const held = granted.length === 0 ? 'no scopes named' : counted(granted.length, 'scope');
  return detail['refreshable'] === false ? `${held}, without a refresh token` : held;
}

function refreshed(detail: Detail): string | null {
  return detail['rotated'] === true ? 'the provider gave a new refresh token' : null;
}

function why(detail: Detail): string | null {
  return word(detail, 'why') ?? word(detail, 'error');
}

function ended(detail: Detail): string | null {
  const because = word(detail, 'because');
  return because === 'ended-by-provider'
    ? 'the provider ended it'
    : because === null
      ? null
      : spaced(because).toLowerCase();
}

function scopes(detail: Detail): string {
  return words(detail, 'scopes').join(', ');
}

function registered(detail: Detail): string | null {
  const kind = word(detail, 'kind');
  const how =
    kind === 'dcr'
      ? 'dynamically'
      : kind === 'cimd'
        ? 'by its metadata document'
        : kind === 'pre-registered'
          ? 'by hand'
          : null;
  const issuer = word(detail, 'issuer');
  if (how === null) return issuer;
  return issuer === null ? how : `${how} at ${issuer}`;
}

function revoked(detail: Detail): string {
  return detail['confirmed'] === true ? 'the provider confirmed it' : 'forgotten here; the provider did not confirm it';
}

function cleared(detail: Detail): string {
  return `${counted(number(detail, 'documents'), 'document')}, ${counted(number(detail, 'accessTokens'), 'access token')}`;
}

function used(detail: Detail): string | null {
  const agent = word(detail, 'agent');
  const via = word(detail, 'via');
  return agent === null ? null : via === null ? agent : `${agent}, over ${via === 'http' ? 'HTTP' : via}`;
}

// values --------------------------------------------------------------------------------------------------------------

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function word(detail: Detail, name: string): string | null {
  const value = detail[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function words(detail: Detail, name: string): readonly string[] {
  const value = detail[name];
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

function number(detail: Detail, name: string): number {
  const value = detail[name];
  return typeof value === 'number' ? value : 0;
}

/** `expiresAt`, `client_id`, `step-up-asked` → "Expires at", "Client id", "Step up asked". */
function spaced(name: string): string {
  const parted = name
    .replace(/([a-z])([A-Z])/gu, '$1 $2')
    .replace(/[-_]+/gu, ' ')
    .toLowerCase();
  return `${parted.charAt(0).toUpperCase()}${parted.slice(1)}`;
}
