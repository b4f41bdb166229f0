// What an event of the record is called in front of a person, and what it says beyond its name. Pure; kinds of a newer broker stay readable.
import type { Activity } from '../../preload/contract.ts';
import { exactTime } from '../words/time.ts';
import { counted } from '../words/counted.ts';
import {
  answeredCall,
  approvalChanged,
  approved,
  asked,
  decidedBy,
  deciderWords,
  denied,
  isDenial,
  overBecause,
} from './decision-words.ts';
import { number, spacedWord, strings, word } from './detail.ts';

export type EventTone = 'fine' | 'idle' | 'busy' | 'needs-you' | 'danger';

export interface EventWords {
  readonly title: string;
  readonly tone: EventTone;
  /** Whom it is about, or who did it; null where no agent had a part in it. From outside. */
  readonly agent: string | null;
  /** Why, or with what; parts of it come from outside. Null when the title says it all. */
  readonly detail: string | null;
}

type Detail = Activity['detail'];
interface Kind {
  readonly title: string;
  /** What it is called where it is about a denial. */
  readonly denial?: string;
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
  ['agent-client-changed', { title: 'Agent calls itself differently', tone: 'needs-you', detail: calledAnew }],
  ['approval-asked', { title: 'Agent asked', tone: 'busy', detail: asked }],
  ['approval-unanswered', { title: 'Nobody answered', tone: 'idle', detail: asked }],
  ['approval-flood', { title: 'Agent floods with questions', tone: 'needs-you' }],
  ['approved', { title: 'Agent allowed', tone: 'fine', detail: approved }],
  ['denied', { title: 'Agent denied', tone: 'needs-you', detail: denied }],
  ['approval-changed', { title: 'Approval changed', tone: 'idle', detail: approvalChanged }],
  ['approval-revoked', { title: 'Approval revoked', denial: 'Denial dropped', tone: 'needs-you', detail: decidedBy }],
  ['approval-ended', { title: 'Approval ended', denial: 'Denial ended', tone: 'idle', detail: overBecause }],
  ['call-allowed', { title: 'Call allowed', tone: 'fine', detail: answeredCall }],
  ['call-declined', { title: 'Call declined', tone: 'needs-you', detail: answeredCall }],
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
  [
    'secrets-dropped',
    {
      title: 'Sign-ins gone with the memory vault',
      tone: 'needs-you',
      detail: (d) => counted(number(d, 'grants'), 'grant'),
    },
  ],
  ['local-token-issued', { title: 'Signed in to the bridge', tone: 'fine' }],
  ['local-token-refreshed', { title: 'Bridge token refreshed', tone: 'idle' }],
  [
    'local-token-revoked',
    { title: 'Bridge token revoked', tone: 'needs-you', detail: (d) => spacedWord(d, 'because') },
  ],
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

type Described = Pick<Activity, 'kind' | 'detail'> & Partial<Pick<Activity, 'agent'>>;

export function describeEvent({ kind: name, agent: given, detail }: Described): EventWords {
  const agent = given ?? word(detail, 'agent');
  const kind = kinds.get(name);
  if (kind === undefined) return { title: spaced(name), tone: 'idle', agent, detail: null };
  const title = kind.denial !== undefined && isDenial(detail) ? kind.denial : kind.title;
  // In the audit it stands beside the detail; what is said of it is the same.
  const words = kind.detail?.(agent === null ? detail : { ...detail, agent }) ?? null;
  return { title, tone: kind.tone, agent, detail: words === '' ? null : words };
}

/** Everything else that an event carries than its agent, name beside value, for the view of one event. */
export function eventFacts(event: Pick<Activity, 'detail'>): readonly (readonly [name: string, value: string])[] {
  return Object.entries(event.detail)
    .filter(([name, value]) => name !== 'agent' || typeof value !== 'string')
    .map(([name, value]) => factOf(name, value, event.detail));
}

function factOf(name: string, value: unknown, detail: Detail): readonly [name: string, value: string] {
  if (name === 'by' && typeof value === 'string') return ['Decided', deciderWords(value)];
  // Of what was decided; a grant or a lock has reasons of its own.
  const over = name === 'because' && 'decision' in detail ? overBecause(detail) : null;
  return [spaced(name), over ?? factText(name, value)];
}

function factText(name: string, value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return /(?:At|_at|^until)$/u.test(name) ? exactTime(value) : String(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) {
    return value.length === 0 ? 'none' : value.join(', ');
  }
  return JSON.stringify(value);
}

// details -------------------------------------------------------------------------------------------------------------

function signedIn(detail: Detail): string {
  const granted = strings(detail, 'granted');
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
  return strings(detail, 'scopes').join(', ');
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
  const via = word(detail, 'via');
  return via === null ? null : `over ${via === 'http' ? 'HTTP' : via}`;
}

function renamed(detail: Detail): string | null {
  const was = word(detail, 'was');
  return was === null ? null : `it was ${was}`;
}

/** By its own word; its name here stays. */
function calledAnew(detail: Detail): string | null {
  const is = word(detail, 'is');
  return is === null ? null : `${is}, and before it was ${word(detail, 'was') ?? 'nothing'}`;
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

/** Whose command it was is beside it. */
function refusedCommand(detail: Detail): string {
  const attempted = word(detail, 'attempted') ?? 'decide for you';
  if (word(detail, 'agent') !== null) return `its command tried to ${attempted}`;
  const who = detail['startedBy'] === 'orphan' ? 'a command whose starter had gone' : 'a command of an agent';
  return `${who} tried to ${attempted}`;
}

function pinned(detail: Detail): string | null {
  const folder = word(detail, 'folder');
  const account = word(detail, 'account');
  return folder === null ? account : `${folder}: ${account ?? 'an account'}`;
}

// names ---------------------------------------------------------------------------------------------------------------

/** `expiresAt`, `client_id`, `step-up-asked` → "Expires at", "Client id", "Step up asked". */
function spaced(name: string): string {
  const parted = name
    .replace(/([a-z])([A-Z])/gu, '$1 $2')
    .replace(/[-_]+/gu, ' ')
    .toLowerCase();
  return `${parted.charAt(0).toUpperCase()}${parted.slice(1)}`;
}
