// The two windows: the large one, and the popover by the tray. Closing hides them; they go when the app does.
import { BrowserWindow, screen, session } from 'electron';
import type { BrowserWindowConstructorOptions, Rectangle, Session } from 'electron';
import type { Log } from '../ports.ts';
import { popoverPlace } from './popover-place.ts';
import { pageUrl } from './app-page.ts';

export interface WindowsOptions {
  readonly session: Session;
  /** The built preload. */
  readonly preload: string;
  readonly trayBounds: () => Rectangle;
  readonly log: Log;
}

export interface Windows {
  /** Brings the large window to the front, at a route of the renderer or where it was. */
  open(hash?: string): void;
  /** The popover where the tray's place is known, else the large window; a second call hides the popover. */
  toggle(): void;
  isOurs(id: number): boolean;
  /** From now on closing means closing. */
  letGo(): void;
}

/** As high as a question of an agent needs to be seen whole. */
const popoverSize = { width: 360, height: 640 };
/** A click on the tray takes the focus from the popover first, and must not open again what it has just closed. */
const sameClickMs = 250;

/** In memory: nothing of the windows is written to disk, no cache and no storage. */
export const windowSession = (): Session => session.fromPartition('tokentray', { cache: false });

export function createWindows({ session, preload, trayBounds, log }: WindowsOptions): Windows {
  const ours = new Set<number>();
  let large: BrowserWindow | null = null;
  let popover: BrowserWindow | null = null;
  let leaving = false;
  let hiddenAt = 0;

  function create(options: BrowserWindowConstructorOptions, hash: string | undefined): BrowserWindow {
    const window = new BrowserWindow({
      title: 'Tokentray',
      show: false,
      autoHideMenuBar: true,
      ...options,
      webPreferences: {
        session,
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        // Its dictionaries would be fetched from the network.
        spellcheck: false,
        navigateOnDragDrop: false,
      },
    });
    const { id } = window.webContents;
    ours.add(id);
    window.on('closed', () => ours.delete(id));
    window.on('close', (event) => {
      if (leaving) return;
      event.preventDefault();
      window.hide();
    });
    load(window, hash);
    return window;
  }

  function load(window: BrowserWindow, hash: string | undefined): void {
    window.loadURL(pageUrl(hash)).catch((cause: unknown) => log.error('a window could not load its page', { cause }));
  }

  function open(hash?: string): void {
    if (large === null || large.isDestroyed()) {
      const window = create({ width: 1080, height: 760, minWidth: 360, minHeight: 480 }, hash);
      large = window;
      const showFirst = () => window.show();
      window.once('ready-to-show', showFirst);
      // Who closed it before it had drawn anything does not want to see it any more.
      window.once('close', () => window.off('ready-to-show', showFirst));
      return;
    }
    if (hash !== undefined) load(large, hash);
    if (large.isMinimized()) large.restore();
    large.show();
    large.focus();
  }

  function createPopover(): BrowserWindow {
    const window = create(
      {
        ...popoverSize,
        frame: false,
        resizable: false,
        movable: false,
        minimizable: false,
        maximizable: false,
        fullscreenable: false,
        skipTaskbar: true,
        alwaysOnTop: true,
      },
      undefined,
    );
    window.on('blur', () => {
      hiddenAt = Date.now();
      window.hide();
    });
    return window;
  }

  return {
    open,
    toggle() {
      const tray = trayBounds();
      const place = popoverPlace({ tray, workArea: screen.getDisplayMatching(tray).workArea, size: popoverSize });
      if (place === null) return open();
      if (popover?.isDestroyed() !== false) popover = createPopover();
      if (popover.isVisible()) return popover.hide();
      if (Date.now() - hiddenAt < sameClickMs) return;
      popover.setBounds(place);
      popover.show();
      popover.focus();
    },
    isOurs: (id) => ours.has(id),
    letGo() {
      leaving = true;
    },
  };
}
