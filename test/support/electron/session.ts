// Sessions: which schemes are served by whom, and which permissions a page gets.
import { answers } from './chromium.ts';
import { app } from './app.ts';

type Handler = (request: Request) => Response | Promise<Response>;
type Decide = (granted: boolean) => void;

/** Electron's names for what Chromium calls the second. Without a handler Electron grants all of them. */
const permissions = {
  geolocation: ['geolocation'],
  notifications: ['notifications'],
  'clipboard-read': ['clipboard-read'],
  'clipboard-sanitized-write': ['clipboard-write'],
  midi: ['midi'],
  media: ['camera', 'microphone'],
} as const;

export class Session {
  readonly #handlers = new Map<string, Handler>();
  #check: ((contents: unknown, permission: string) => boolean) | null = null;
  #request: ((contents: unknown, permission: string, decide: Decide) => void) | null = null;
  #device: (() => boolean) | null = null;

  readonly protocol = {
    handle: (scheme: string, handler: Handler): void => {
      if (!privileged.has(scheme)) throw new Error(`${scheme} was not registered as a privileged scheme`);
      this.#handlers.set(scheme, handler);
    },
  };

  setPermissionCheckHandler(handler: ((contents: unknown, permission: string) => boolean) | null): void {
    this.#check = handler;
  }

  setPermissionRequestHandler(handler: ((contents: unknown, permission: string, decide: Decide) => void) | null): void {
    this.#request = handler;
  }

  setDevicePermissionHandler(handler: (() => boolean) | null): void {
    this.#device = handler;
  }

  /** Not Electron's: Chromium's names of what pages of this session must not have. */
  refusedForStandIn(): string[] {
    return Object.entries(permissions)
      .filter(([permission]) => !this.#grants(permission))
      .flatMap(([, names]) => names);
  }

  /** Not Electron's. */
  async answerForStandIn(request: Request): Promise<Response> {
    const handler = this.#handlers.get(new URL(request.url).protocol.slice(0, -1));
    return handler === undefined ? new Response(null, { status: 404 }) : handler(request);
  }

  /** A page asks, or just does it: both handlers have to be willing. */
  #grants(permission: string): boolean {
    let granted = true;
    this.#request?.(null, permission, (decision) => (granted = decision));
    return granted && (this.#check?.(null, permission) ?? true) && (this.#device?.() ?? true);
  }
}

const partitions = new Map<string, Session>();

export const session = {
  fromPartition(name: string, _options?: { cache: boolean }): Session {
    if (!app.isReady()) throw new Error('Session can only be received when app is ready');
    const known = partitions.get(name) ?? new Session();
    partitions.set(name, known);
    return known;
  },
};

const privileged = new Set<string>();

export const protocol = {
  registerSchemesAsPrivileged(
    schemes: { scheme: string; privileges?: { standard?: boolean; secure?: boolean } }[],
  ): void {
    if (app.isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    for (const { scheme, privileges } of schemes) {
      if (privileges?.standard === true && privileges.secure === true) privileged.add(scheme);
    }
  },
};

export const schemesForStandIn = (): string[] => [...privileged];

/** Which session a window has; filled by the windows. */
export const sessionOfWindow = new Map<number, Session>();

answers('request', async ({ id, url, method }) => {
  const response = await sessionOfWindow.get(id)?.answerForStandIn(new Request(url, { method }));
  if (response === undefined) return { status: 404, headers: {}, body: new Uint8Array() };
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
});
