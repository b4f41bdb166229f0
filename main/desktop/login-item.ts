// Starting at login, as each system wants it said: macOS and Windows by Electron, Linux by a file of the XDG autostart folder.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { app } from 'electron';
import type { LoginItem } from '../ports.ts';
import { autostartEntry, autostartFile } from './autostart.ts';

/** With this word the app starts without opening a window. */
export const hiddenFlag = '--hidden';

export function loginItem(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): LoginItem {
  // In a checkout Electron has to be told which app it is.
  const args = [...(app.isPackaged ? [] : [app.getAppPath()]), hiddenFlag];
  if (platform !== 'linux') {
    return {
      get: () => app.getLoginItemSettings({ args }).openAtLogin,
      set: (openAtLogin) => app.setLoginItemSettings({ openAtLogin, args }),
    };
  }
  const file = autostartFile(env, home);
  // An AppImage is mounted anew at each start: the file that was started is not the one that runs.
  const program = env['APPIMAGE'] ?? process.execPath;
  return {
    get: () => existsSync(file),
    set(starts) {
      if (!starts) return rmSync(file, { force: true });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, autostartEntry([program, ...args]), { mode: 0o600 });
    },
  };
}
