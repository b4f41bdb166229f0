// The tray icon: shows the face it is given. Where clicks arrive at all, one opens the popover and the other button the menu.
import { join } from 'node:path';
import { Menu, Tray } from 'electron';
import type { Rectangle } from 'electron';
import type { TrayFace } from './tray-face.ts';

export interface AppTray {
  show(face: TrayFace): void;
  /** Empty where the platform does not tell. */
  bounds(): Rectangle;
}

/** @param folder of the icons */
export function createTray(folder: string, first: TrayFace, onClick: () => void): AppTray {
  const tray = new Tray(join(folder, first.icon));
  let menu = Menu.buildFromTemplate([]);
  let icon: string | null = null;
  // Linux hands clicks to the menu; elsewhere a menu that is set takes them away from us.
  const isLinux = process.platform === 'linux';
  tray.on('click', onClick);
  if (!isLinux) tray.on('right-click', () => tray.popUpContextMenu(menu));

  const show = (face: TrayFace): void => {
    if (icon !== face.icon) tray.setImage(join(folder, face.icon));
    icon = face.icon;
    tray.setToolTip(face.tooltip);
    menu = Menu.buildFromTemplate([...face.menu]);
    if (isLinux) tray.setContextMenu(menu);
  };
  show(first);
  return { show, bounds: () => tray.getBounds() };
}
