// The broker's face on a desktop: guarded windows, the tray, notifications, and an ear for the machine waking up or being left.
import { createRouterClient } from '@orpc/server';
import { Menu, powerMonitor } from 'electron';
import type { Broker } from '../broker.ts';
import { TokentrayError } from '../errors.ts';
import { readAssets, rendererFolder } from '../ui/assets.ts';
import { attend, menuActions, promptHash, serverHash } from './attend.ts';
import { denyPermissions, guardContents } from './guards.ts';
import type { Notice } from './notices.ts';
import { notify } from './notify.ts';
import { askPanic, panicNotice } from './panic.ts';
import { servePorts } from './ports.ts';
import { serveRenderer } from './scheme.ts';
import { nothingYet } from './summary.ts';
import { trayFace } from './tray-face.ts';
import { createTray } from './tray.ts';
import { createWindows, windowSession } from './windows.ts';

export interface DesktopOptions {
  readonly broker: Broker;
  /** The built preload, and the folder of the tray's icons. */
  readonly preload: string;
  readonly icons: string;
  readonly quit: () => void;
  /** Ends what the desktop listens to. */
  readonly signal: AbortSignal;
}

export interface Desktop {
  /** Brings the window to the front, at a question of an agent where one is named. */
  open(prompt?: string): void;
}

/** @throws invalid_input when the window was not built */
export function showDesktop({ broker, preload, icons, quit, signal }: DesktopOptions): Desktop {
  const { log } = broker.control;
  const folder = rendererFolder();
  if (folder === null) {
    throw new TokentrayError('invalid_input', 'the window was not built', { advice: 'In a checkout: npm run build' });
  }
  // Guards first: nothing is made that they have not seen.
  guardContents(log);
  const session = windowSession();
  denyPermissions(session);
  serveRenderer(session, readAssets(folder));
  setMenuBar();

  const client = createRouterClient(broker.ui, { context: { session: null } });
  const windows = createWindows({ session, preload, trayBounds: () => tray.bounds(), log });
  servePorts({ router: broker.ui, isOwnWindow: windows.isOurs, log });

  const show = (notice: Notice): void => notify(notice, () => windows.open(hashOf(notice)));
  const panic = async (): Promise<void> => {
    const wanted = await askPanic();
    if (wanted !== null) show(panicNotice(await client.lock.panic(wanted), wanted.revoke));
  };
  const actions = menuActions({ client, log, open: windows.open, panic, quit });
  const face = (summary = nothingYet) => trayFace(summary, actions, process.platform);
  const tray = createTray(icons, face(), windows.toggle);
  const attending = attend({
    client,
    show: (summary) => tray.show(face(summary)),
    notify: show,
    signal,
  });
  attending.catch((cause: unknown) => {
    if (!signal.aborted) log.error('the tray lost sight of the broker', { cause });
  });

  // Timers stand still while a machine sleeps: tokens may have run out unseen.
  powerMonitor.on('resume', () => broker.woke());
  powerMonitor.on('unlock-screen', () => broker.woke());
  powerMonitor.on('lock-screen', () => broker.screenLocked());
  return { open: (prompt) => windows.open(prompt === undefined ? undefined : promptHash(prompt)) };
}

/** Where the window shows what a notification is about. */
function hashOf({ server, prompt }: Notice): string | undefined {
  if (prompt !== undefined) return promptHash(prompt);
  return server === null ? undefined : serverHash(server);
}

/** macOS takes the editing shortcuts from the menu bar; elsewhere they work without, and there is no bar. */
function setMenuBar(): void {
  const menu =
    process.platform === 'darwin'
      ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }])
      : null;
  Menu.setApplicationMenu(menu);
}
