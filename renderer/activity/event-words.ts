// What an event of the record is called in front of a person, and what it says beyond its name. Pure; kinds of a newer broker stay readable.
import type { Activity } from '../../preload/contract.ts';
import { exactTime } from '../words/time.ts';
import { counted } from '../words/counted.ts';

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
  ['agent-renamed', { title: 'Agent renamed', tone: 'idle', detail: renamed }],
  ['agent-trusted', { title: 'Agent trusted', tone: 'needs-you' }],
  ['agent-untrusted', { title: 'Agent no longer trusted', tone: 'idle' }],
  ['agent-client-changed', { title: 'Agent calls itself differently', tone: 'needs-you', detail: renamed }],
  ['approval-asked', { title: 'Agent asked', tone: 'busy', detail: asked }],
  ['approval-unanswered', { title: 'Nobody answered', tone: 'idle', detail: asked }],
  ['approval-flood', { title: 'Agent floods with questions', tone: 'needs-you' }],
  ['approved', { title: 'Agent allowed', tone: 'fine', detail: decided }],
  ['denied', { title: 'Agent denied', tone: 'needs-you', detail: decided }],
  ['approval-changed', { title: 'Approval changed', tone: 'idle' }],
  ['approval-revoked', { title: 'Approval revoked', tone: 'needs-you' }],
  ['approval-ended', { title: 'Approval ended', tone: 'idle', detail: (d) => spacedWord(d, 'because') }],
  ['call-allowed', { title: 'Call allowed', tone: 'fine', detail: (d) => word(d, 'tool') }],
  ['call-declined', { title: 'Call declined', tone: 'needs-you', detail: (d) => word(d, 'tool') }],
  ['tool-changed', { title: 'Tools changed', tone: 'needs-you', detail: (d) => word(d, 'tools') }],
  ['tool-new', { title: 'New tools', tone: 'needs-you', detail: (d) => word(d, 'tools') }],
  ['tools-accepted', { title: 'Tools accepted', tone: 'fine', detail: (d) => word(d, 'tools') }],
  ['tool-rules-changed', { title: 'Rules changed', tone: 'idle' }],
  ['account-changed', { title: 'Another account signed in', tone: 'needs-you', detail: changed }],
  ['identity-not-known', { title: 'Who signed in is not known', tone: 'idle', detail: why }],
  [
    'account-forgotten',
    { title: 'Account forgotten', tone: 'idle', detail: () => 'its grant and secrets were removed' },
  ],
  ['default-account-set', { title: 'Default account chosen', tone: 'idle', detail: defaultSet }],
  ['end-set', { title: 'End of the grant set', tone: 'idle', detail: endSet }],
  ['account-pinned', { title: 'Account pinned', tone: 'idle', detail: pinned }],
  ['account-unpinned', { title: 'Account unpinned', tone: 'idle', detail: pinned }],
  ['locked', { title: 'Locked', tone: 'needs-you', detail: (d) => spacedWord(d, 'because') }],
  ['unlocked', { title: 'Unlocked', tone: 'fine' }],
  ['unlock-refused', { title: 'Unlocking refused', tone: 'danger', detail: (d) => spacedWord(d, 'error') }],
  ['panic', { title: 'Panic', tone: 'danger' }],
  ['local-token-issued', { title: 'Signed in to the bridge', tone: 'fine' }],
  ['local-token-refreshed', { title: 'Bridge token refreshed', tone: 'idle' }],
  ['local-token-revoked', { title: 'Bridge token revoked', tone: 'needs-you' }],
  ['local-token-replayed', { title: 'Used-up bridge token came again', tone: 'danger' }],
  ['command-refused', { title: 'Command refused', tone: 'needs-you', detail: refusedCommand }],
  ['token-lent', { title: 'Token lent', tone: 'idle' }],
  ['sign-in-started', { title: 'Sign-in started', tone: 'busy' }],
  ['server-settings-changed', { title: 'Server’s settings changed', tone: 'idle' }],
  ['everything-cleared', { title: 'Everything cleared', tone: 'needs-you' }],
  ['broker-started', { title: 'Tokentray started', tone: 'idle' }],
  ['broker-stopped', { title: 'Tokentray stopped', tone: 'idle' }],
  ['settings-changed', { title: 'Settings changed', tone: 'idle', detail: (d) => word(d, 'settings') }],
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

function renamed(detail: Detail): string | null {
  const was = word(detail, 'was');
  const now = word(detail, 'is') ?? word(detail, 'agent');
  return was === null ? now : `${was}, now ${now ?? 'nothing'}`;
}

function changed(detail: Detail): string {
  return `${word(detail, 'was') ?? 'somebody else'}, now ${word(detail, 'is') ?? 'nobody that is named'}`;
}

function defaultSet(detail: Detail): string {
  const was = word(detail, 'was');
  return was === null ? 'agents that are pinned to none use it' : `instead of ${was}`;
}

function endSet(detail: Detail): string {
  const at = detail['endsAt'];
  return typeof at === 'number' ? `on ${exactTime(at)}` : 'as the provider has it';
}

function asked(detail: Detail): string | null {
  const tool = word(detail, 'tool');
  return tool === null ? null : `for ${tool}`;
}

const lengths: ReadonlyMap<string, string> = new Map([
  ['once', 'once'],
  ['session', 'for its session'],
  ['until', 'for a time'],
  ['always', 'always'],
]);

function decided(detail: Detail): string | null {
  const length = lengths.get(word(detail, 'lasts') ?? '') ?? null;
  return detail['tools'] === 'read-only' && length !== null ? `${length}, read-only` : length;
}

function refusedCommand(detail: Detail): string {
  const agent = word(detail, 'agent');
  const who =
    agent !== null
      ? `a command of ${agent}`
      : detail['startedBy'] === 'orphan'
        ? 'a command whose starter had gone'
        : 'a command of an agent';
  return `${who} tried to ${word(detail, 'attempted') ?? 'decide for you'}`;
}

function pinned(detail: Detail): string | null {
  const who = word(detail, 'agent') ?? word(detail, 'folder');
  const account = word(detail, 'account');
  return who === null ? account : `${who}: ${account ?? 'an account'}`;
}

// values --------------------------------------------------------------------------------------------------------------

function word(detail: Detail, name: string): string | null {
  const value = detail[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function spacedWord(detail: Detail, name: string): string | null {
  return word(detail, name)?.replaceAll('-', ' ') ?? null;
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
