// The settings of the whole app: what the person chose, what a flag decides over it, and what this host cannot do.
import type { AppSettings } from '../../preload/contract.ts';
import { TokentrayError } from '../errors.ts';
import type { LoginItem } from '../ports.ts';
import type { Store } from '../store/types.ts';

type Kept = Pick<Store, 'settings'>;

const names = { bridgePort: 'bridge-port', signIn: 'sign-in' } as const;

/** The port that the person chose for the bridge; null: the usual one. What cannot be read is no choice. */
export function chosenPort(store: Kept): number | null {
  const text = store.settings.get(names.bridgePort) ?? '';
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** How servers sign in that are added from now on. */
export function usualSignIn(store: Kept): 'ask' | 'auto' {
  return store.settings.get(names.signIn) === 'auto' ? 'auto' : 'ask';
}

export interface Settings {
  view(): Promise<AppSettings>;
  /** @throws invalid_input for what this host cannot do */
  set(change: SettingsChange): Promise<AppSettings>;
}

export interface SettingsChange {
  readonly bridgePort?: number | null | undefined;
  readonly signIn?: 'ask' | 'auto' | undefined;
  readonly startAtLogin?: boolean | undefined;
}

export interface SettingsParts {
  readonly store: Kept;
  /** Null where the host cannot start at login. */
  readonly loginItem: LoginItem | null;
  readonly bridge: {
    readonly usual: number;
    readonly now: () => { readonly port: number; readonly wanted: number } | null;
    /** The flag or variable that decides; null: the person's choice does. */
    readonly fixedBy: string | null;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly caFiles: readonly string[];
  readonly dataFolder: string;
}

export function createSettings(parts: SettingsParts): Settings {
  const { store, loginItem, bridge, env } = parts;

  const view = async (): Promise<AppSettings> => {
    const chosen = chosenPort(store);
    const now = bridge.now();
    return {
      bridgePort: {
        chosen,
        usual: bridge.usual,
        now: now?.port ?? null,
        fixedBy: bridge.fixedBy,
        afterRestart: bridge.fixedBy === null && now !== null && now.wanted !== (chosen ?? bridge.usual),
      },
      signIn: usualSignIn(store),
      startAtLogin: loginItem === null ? null : await loginItem.get(),
      network: {
        httpProxy: proxyOf(env, 'http_proxy'),
        httpsProxy: proxyOf(env, 'https_proxy'),
        noProxy: cut(env['no_proxy'] ?? env['NO_PROXY']),
        caFiles: parts.caFiles,
      },
      dataFolder: parts.dataFolder,
    };
  };

  return {
    view,
    async set({ bridgePort, signIn, startAtLogin }) {
      if (startAtLogin !== undefined) {
        if (loginItem === null) {
          throw new TokentrayError('invalid_input', 'this broker has no desktop to start with', {
            attempted: 'change the settings',
            advice: 'Start it from your system’s services: tokentray serve',
          });
        }
        await loginItem.set(startAtLogin);
      }
      if (bridgePort !== undefined) store.settings.set(names.bridgePort, bridgePort === null ? '' : String(bridgePort));
      if (signIn !== undefined) store.settings.set(names.signIn, signIn);
      return view();
    },
  };
}

/** Where the proxy is; a password in its address is nobody's to read here. */
function proxyOf(env: SettingsParts['env'], name: string): string | null {
  const value = (env[name] ?? env[name.toUpperCase()] ?? '').trim();
  if (value === '') return null;
  const text = /^[a-z][a-z0-9+.-]*:\/\//iu.test(value) ? value : `http://${value}`;
  return URL.canParse(text) ? `${new URL(text).protocol}//${new URL(text).host}` : null;
}

const cut = (value: string | undefined): string | null =>
  value === undefined || value.trim() === '' ? null : value.trim().slice(0, 4_096);
