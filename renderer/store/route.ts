// Where the window is, in the address's hash: every screen can be linked, reloaded and gone back from.
import { useSyncExternalStore } from 'react';

export interface ActivityFilter {
  readonly server?: string;
  readonly agent?: string;
  readonly kind?: string;
}

export type Route =
  | { readonly at: 'servers' }
  /** `account`: another one than the server's default; a new name makes a new one. */
  | { readonly at: 'add'; readonly url?: string; readonly name?: string; readonly account?: string }
  | { readonly at: 'server'; readonly server: string; readonly part?: string }
  /** The questions of agents that wait for the person. */
  | { readonly at: 'approvals'; readonly prompt?: string }
  | { readonly at: 'agents' }
  | { readonly at: 'agent'; readonly id: string }
  | { readonly at: 'activity'; readonly filter: ActivityFilter }
  | { readonly at: 'audit'; readonly filter: ActivityFilter }
  | { readonly at: 'settings'; readonly part?: string };

/** An address that says nothing known leads to the servers. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/u, '').split('?', 2);
  const [screen, first, second] = path.split('/').map(decoded);
  const search = new URLSearchParams(query);
  switch (screen) {
    case 'add':
      return { at: 'add', ...picked(search, ['url', 'name', 'account']) };
    case 'servers':
      if (first === undefined || first === '') return { at: 'servers' };
      return { at: 'server', server: first, ...(second === undefined ? {} : { part: second }) };
    case 'approvals':
      return { at: 'approvals', ...(first === undefined || first === '' ? {} : { prompt: first }) };
    case 'agents':
      return first === undefined || first === '' ? { at: 'agents' } : { at: 'agent', id: first };
    case 'activity':
    case 'audit':
      return { at: screen, filter: picked(search, ['server', 'agent', 'kind']) };
    case 'settings':
      return { at: 'settings', ...(first === undefined || first === '' ? {} : { part: first }) };
    default:
      return { at: 'servers' };
  }
}

/** The address of a screen, for `href`. */
export function href(route: Route): string {
  switch (route.at) {
    case 'servers':
      return '#/servers';
    case 'add':
      return `#/add${query({ url: route.url, name: route.name, account: route.account })}`;
    case 'server':
      return `#/servers/${encodeURIComponent(route.server)}${route.part === undefined ? '' : `/${encodeURIComponent(route.part)}`}`;
    case 'approvals':
      return `#/approvals${route.prompt === undefined ? '' : `/${encodeURIComponent(route.prompt)}`}`;
    case 'agents':
      return '#/agents';
    case 'agent':
      return `#/agents/${encodeURIComponent(route.id)}`;
    case 'activity':
    case 'audit':
      return `#/${route.at}${query({ ...route.filter })}`;
    case 'settings':
      return `#/settings${route.part === undefined ? '' : `/${encodeURIComponent(route.part)}`}`;
  }
}

export function go(route: Route): void {
  location.hash = href(route);
}

/** As `go`, but Back does not return to where we were: for filters and for the end of a flow. */
export function replaceRoute(route: Route): void {
  history.replaceState(null, '', href(route));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

function query(values: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') search.set(name, value);
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function picked<const K extends string>(search: URLSearchParams, names: readonly K[]): { [P in K]?: string } {
  const found: { [P in K]?: string } = {};
  for (const name of names) {
    const value = search.get(name);
    if (value !== null && value !== '') found[name] = value;
  }
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
