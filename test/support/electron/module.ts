// What `import … from 'electron'` gives where the stand-in runs: the part of the API that Tokentray uses, and no more.
import { runInThisContext } from 'node:vm';
import { answers } from './chromium.ts';
import { app } from './app.ts';
import { BrowserWindow } from './browser-window.ts';
import { ipcMain, MessageChannelMain } from './ports.ts';
import { screen } from './screen.ts';
import { protocol, session } from './session.ts';
import { dialog, Menu, MenuItem, Notification, powerMonitor, shell, systemPreferences, Tray } from './system.ts';

export {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MenuItem,
  MessageChannelMain,
  Notification,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  systemPreferences,
  Tray,
};
export type { BrowserWindowConstructorOptions } from './browser-window.ts';
export type { IpcMainEvent, MessagePortMain } from './ports.ts';
export type { Rectangle } from './screen.ts';
export type { Session } from './session.ts';
export type { MenuItemConstructorOptions } from './system.ts';
export type { WebContents, WebFrameMain } from './web-contents.ts';

const module = {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MenuItem,
  MessageChannelMain,
  Notification,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  systemPreferences,
  Tray,
};

// As Playwright's `ElectronApplication.evaluate`: the function is text, and gets the module.
answers('evaluate', async ({ source, arg }) => {
  const run = runInThisContext(`(${source})`) as (electron: typeof module, arg: unknown) => unknown;
  return run(module, arg);
});
