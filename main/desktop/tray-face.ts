// The tray's face as a value: icon, tooltip, and a menu with what needs the person first and every server's state in words. Pure.
import { stateWords } from '../cli/words.ts';
import { grantOf, needsPerson, trayState } from './summary.ts';
import type { State, Summary, TrayState } from './summary.ts';

export interface MenuActions {
  signIn(server: string, account?: string): void;
  /** The window, at one question of an agent. */
  answer(promptId: string): void;
  /** The window, at one server's page or where it was. */
  open(server?: string): void;
  pause(): void;
  resume(): void;
  lock(): void;
  /** Asks first. */
  panic(): void;
  quit(): void;
}

/** The part of Electron's menu template that the tray uses. */
export type MenuEntry =
  | { readonly type: 'separator' }
  | { readonly id: string; readonly label: string; readonly enabled?: boolean; readonly click?: () => void };

export interface TrayFace {
  /** A file of `dist/icons`. */
  readonly icon: string;
  readonly tooltip: string;
  readonly menu: readonly MenuEntry[];
}

export function trayFace(summary: Summary, actions: MenuActions, platform: NodeJS.Platform): TrayFace {
  return {
    icon: iconFile(trayState(summary), platform),
    tooltip: `Tokentray: ${headline(summary)}`,
    menu: trayMenu(summary, actions),
  };
}

/** macOS colours a `Template` image itself, as its menu bar needs it; Windows picks a size out of its own format. */
function iconFile(state: TrayState, platform: NodeJS.Platform): string {
  switch (platform) {
    case 'darwin':
      return `tray-${state}Template.png`;
    case 'win32':
      return `tray-${state}.ico`;
    default:
      return `tray-${state}.png`;
  }
}

/** A menu taller than the screen can't be used: the window shows the rest. */
const mostServers = 15;
const mostSignIns = 5;
const mostQuestions = 5;

function trayMenu(summary: Summary, actions: MenuActions): MenuEntry[] {
  const servers = [...summary.servers];
  const needy = servers.filter(([, state]) => needsPerson(state));
  // Those that need the person come first, else a long list would hide them.
  const listed = [...needy, ...servers.filter(([, state]) => !needsPerson(state))].slice(0, mostServers);
  const hidden = servers.length - listed.length;
  const signIn = (label: string): void => {
    const { server, account } = grantOf(label);
    actions.signIn(server, account);
  };
  return grouped([
    [{ id: 'summary', label: headline(summary), enabled: false }],
    summary.questions.slice(0, mostQuestions).map(({ id, words }) => ({
      id: `question:${id}`,
      label: `${plain(words, 90)}…`,
      click: () => actions.answer(id),
    })),
    needy.slice(0, mostSignIns).map(([name, state]) => ({
      id: `sign-in:${name}`,
      // Signing in again asks for what was held and for what is wanted.
      label: state.kind === 'connected' ? `Allow more for ${plain(name)}…` : `Sign in to ${plain(name)}…`,
      click: () => signIn(name),
    })),
    [
      ...listed.map(([name, state]) => ({
        id: `server:${name}`,
        label: serverLine(name, state),
        click: () => actions.open(grantOf(name).server),
      })),
      ...(hidden > 0 ? [{ id: 'more', label: `${hidden} more…`, click: () => actions.open() }] : []),
    ],
    [
      { id: 'open', label: 'Open Tokentray', click: () => actions.open() },
      summary.paused
        ? { id: 'resume', label: 'Resume', click: () => actions.resume() }
        : { id: 'pause', label: 'Pause', click: () => actions.pause() },
    ],
    [
      summary.locked
        ? // Where the person proves that they are there.
          { id: 'unlock', label: 'Unlock…', click: () => actions.open() }
        : { id: 'lock', label: 'Lock', click: () => actions.lock() },
      { id: 'panic', label: 'Panic…', click: () => actions.panic() },
    ],
    [{ id: 'quit', label: 'Quit Tokentray', click: () => actions.quit() }],
  ]);
}

const serversOf = (grants: readonly (readonly [string, State])[]): number =>
  new Set(grants.map(([label]) => grantOf(label).server)).size;

/** One line for the tray's tooltip and the menu's head. */
function headline(summary: Summary): string {
  const size = serversOf([...summary.servers]);
  const needy = serversOf([...summary.servers].filter(([, state]) => needsPerson(state)));
  switch (trayState(summary)) {
    case 'paused':
      return summary.locked ? 'Locked: no agent reaches a server' : 'Paused: no agent reaches a server';
    case 'needs-you':
      if (summary.questions.length > 0) {
        return summary.questions.length === 1
          ? '1 question waits for you'
          : `${summary.questions.length} questions wait for you`;
      }
      return needy === 1 ? '1 server needs you' : `${needy} servers need you`;
    case 'fine':
      return size === 0
        ? 'No servers yet'
        : size === 1
          ? '1 server, nothing needs you'
          : `${size} servers, nothing needs you`;
  }
}

const serverLine = (name: string, state: State): string => plain(`${name}: ${stateWords(state)}`, 90);

/** Menus read `&` as the mark of a key on Windows and Linux; a line longer than this makes the whole menu wide. */
function plain(text: string, longest = 64): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replaceAll('&', '&&');
}

function grouped(groups: readonly (readonly MenuEntry[])[]): MenuEntry[] {
  return groups
    .filter((group) => group.length > 0)
    .flatMap((group, at): MenuEntry[] => (at === 0 ? [...group] : [{ type: 'separator' }, ...group]));
}
