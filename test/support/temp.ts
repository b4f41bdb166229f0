// A folder for one test's profile, private to this user and removed afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  /** An environment in which Tokentray keeps everything in this folder and finds no proxy. */
  readonly env: (extra?: Readonly<Record<string, string>>) => Record<string, string>;
  readonly remove: () => Promise<void>;
}

export async function temporaryFolder(label = 'tokentray'): Promise<TemporaryFolder> {
  // mkdtemp makes it 0700; short, because a unix socket's path must fit in 104 bytes.
  const path = await mkdtemp(join(tmpdir(), `${label.slice(0, 12)}-`));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  return { path, env: (extra = {}) => profileEnvironment(path, extra), remove, [Symbol.asyncDispose]: remove };
}

const left = new Set([
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'xdg_runtime_dir',
  'dbus_session_bus_address',
]);

/** This process's environment with TOKENTRAY_HOME set, without proxies and without the desktop's session. */
function profileEnvironment(home: string, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !left.has(name.toLowerCase()) && !name.startsWith('TOKENTRAY_')) env[name] = value;
  }
  return { ...env, HOME: home, TOKENTRAY_HOME: home, NO_COLOR: '1', ...extra };
}
