// The stand-in has nothing that Electron has not: a type error here names what it has too much.
import type * as Real from 'electron';
import type * as StandIn from './module.ts';
import type * as StandInPreload from './preload-module.ts';

/** Members that Electron's own does not have; what is the stand-in's alone says so in its name. */
type Extra<Ours, Theirs> = Exclude<Exclude<keyof Ours, `${string}ForStandIn`>, keyof Theirs>;

interface Extras {
  module: Extra<typeof StandIn, typeof Real>;
  preload: Extra<typeof StandInPreload, typeof Real>;
  app: Extra<typeof StandIn.app, Real.App>;
  browserWindow: Extra<StandIn.BrowserWindow, Real.BrowserWindow>;
  browserWindows: Extra<typeof StandIn.BrowserWindow, typeof Real.BrowserWindow>;
  windowOptions: Extra<StandIn.BrowserWindowConstructorOptions, Real.BrowserWindowConstructorOptions>;
  webPreferences: Extra<
    NonNullable<StandIn.BrowserWindowConstructorOptions['webPreferences']>,
    NonNullable<Real.BrowserWindowConstructorOptions['webPreferences']>
  >;
  contextBridge: Extra<StandInPreload.ContextBridge, Real.ContextBridge>;
  dialog: Extra<typeof StandIn.dialog, Real.Dialog>;
  ipcMain: Extra<typeof StandIn.ipcMain, Real.IpcMain>;
  ipcMainEvent: Extra<StandIn.IpcMainEvent, Real.IpcMainEvent>;
  ipcRenderer: Extra<StandInPreload.IpcRenderer, Real.IpcRenderer>;
  menu: Extra<StandIn.Menu, Real.Menu>;
  menus: Extra<typeof StandIn.Menu, typeof Real.Menu>;
  menuItem: Extra<StandIn.MenuItem, Real.MenuItem>;
  menuItemOptions: Extra<StandIn.MenuItemConstructorOptions, Real.MenuItemConstructorOptions>;
  channel: Extra<StandIn.MessageChannelMain, Real.MessageChannelMain>;
  port: Extra<StandIn.MessagePortMain, Real.MessagePortMain>;
  notification: Extra<StandIn.Notification, Real.Notification>;
  notifications: Extra<typeof StandIn.Notification, typeof Real.Notification>;
  powerMonitor: Extra<typeof StandIn.powerMonitor, Real.PowerMonitor>;
  protocol: Extra<typeof StandIn.protocol, Real.Protocol>;
  screen: Extra<typeof StandIn.screen, Real.Screen>;
  session: Extra<StandIn.Session, Real.Session>;
  sessions: Extra<typeof StandIn.session, typeof Real.session>;
  sessionProtocol: Extra<StandIn.Session['protocol'], Real.Protocol>;
  shell: Extra<typeof StandIn.shell, Real.Shell>;
  systemPreferences: Extra<typeof StandIn.systemPreferences, Real.SystemPreferences>;
  tray: Extra<StandIn.Tray, Real.Tray>;
  webContents: Extra<StandIn.WebContents, Real.WebContents>;
  frame: Extra<StandIn.WebFrameMain, Real.WebFrameMain>;
}

type TooMuch = { [Part in keyof Extras as [Extras[Part]] extends [never] ? never : Part]: Extras[Part] };

/** Lacks the member that is too much, and the compiler says which. */
export const nothingTooMuch: TooMuch = {};
