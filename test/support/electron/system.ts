// The desktop around the windows: tray, menus, notifications, links, power. What the app does with them the recorder keeps.
import { existsSync } from 'node:fs';
import { Emitter } from './emitter.ts';
import type { Rectangle } from './screen.ts';

export interface MenuItemConstructorOptions {
  id?: string;
  label?: string;
  type?: 'normal' | 'separator';
  role?: 'appMenu' | 'editMenu' | 'windowMenu';
  enabled?: boolean;
  click?: () => void;
}

export class MenuItem {
  readonly id: string;
  readonly label: string;
  readonly type: string;
  readonly enabled: boolean;
  readonly click: () => void;

  constructor(options: MenuItemConstructorOptions) {
    this.id = options.id ?? '';
    this.label = options.label ?? '';
    this.type = options.type ?? 'normal';
    this.enabled = options.enabled ?? true;
    this.click = () => options.click?.();
  }
}

export class Menu {
  static buildFromTemplate(template: MenuItemConstructorOptions[]): Menu {
    const menu = new Menu();
    menu.items.push(...template.map((options) => new MenuItem(options)));
    return menu;
  }

  static setApplicationMenu(_menu: Menu | null): void {
    // Pages have no menu bar.
  }

  readonly items: MenuItem[] = [];
}

export class Tray extends Emitter<{ click: []; 'right-click': [] }> {
  #destroyed = false;

  constructor(image: string) {
    super();
    checkImage(image);
  }

  setImage(image: string): void {
    checkImage(image);
  }

  setToolTip(_text: string): void {
    // The recorder keeps it.
  }

  setContextMenu(_menu: Menu | null): void {
    // The recorder keeps it.
  }

  popUpContextMenu(_menu?: Menu): void {
    // The recorder keeps it.
  }

  /** As on Linux, which does not tell; a test replaces it. */
  getBounds(): Rectangle {
    return { x: 0, y: 0, width: 0, height: 0 };
  }

  destroy(): void {
    this.#destroyed = true;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }
}

/** Electron refuses an image that is not there. */
function checkImage(image: string): void {
  if (!existsSync(image)) throw new Error(`Failed to load image from path '${image}'`);
}

export class Notification extends Emitter<{ click: []; close: [] }> {
  static isSupported(): boolean {
    return true;
  }

  readonly title: string;
  readonly body: string;

  constructor(options: { title?: string; body?: string; icon?: string }) {
    super();
    this.title = options.title ?? '';
    this.body = options.body ?? '';
  }

  show(): void {
    // The recorder keeps it.
  }
}

export const shell = {
  /** The recorder keeps the address, and the tests' own browser goes there. */
  openExternal: async (url: string): Promise<void> => {
    if (!URL.canParse(url)) throw new Error(`Invalid URL: ${url}`);
  },
};

interface MessageBoxOptions {
  type?: 'none' | 'info' | 'error' | 'question' | 'warning';
  title?: string;
  message: string;
  detail?: string;
  buttons?: string[];
  defaultId?: number;
  cancelId?: number;
  noLink?: boolean;
}

export const dialog = {
  showErrorBox(_title: string, _content: string): void {
    // The recorder says it on stderr.
  },
  /** As if the person closed it; a test that wants another answer puts its own in. */
  showMessageBox: async (options: MessageBoxOptions): Promise<{ response: number; checkboxChecked: boolean }> => ({
    response: options.cancelId ?? 0,
    checkboxChecked: false,
  }),
};

export const powerMonitor = new Emitter<{ resume: []; 'lock-screen': []; 'unlock-screen': [] }>();

/** Of a machine that has no sensor. */
export const systemPreferences = {
  canPromptTouchID: (): boolean => false,
  promptTouchID: async (_reason: string): Promise<void> => {
    throw new Error('Touch ID is not available');
  },
};
