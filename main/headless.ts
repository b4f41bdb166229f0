// The broker without a window, in plain Node: claims the control socket, composes the parts, serves until it is told to stop.
import { readFileSync, realpathSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startBroker } from './broker.ts';
import { exitCodeFor, exitCodes } from './cli/exit-codes.ts';
import type { ExitCode } from './cli/exit-codes.ts';
import { pathsOf, preparePaths, sessionEnvironment, thisMachine } from './config/paths.ts';
import type { Paths } from './config/paths.ts';
import { claimControl } from './control/claim.ts';
import { hostOptions } from './control/host-options.ts';
import type { HostOptions } from './control/host-options.ts';
import { serveControl } from './control/socket.ts';
import { isTokentrayError, TokentrayError } from './errors.ts';
import { openLogFile } from './log/file.ts';
import { createLog } from './log/log.ts';
import { systemBrowser } from './open-url.ts';
import type { Clock, Log } from './ports.ts';
import { secret } from './secret.ts';
import type { Secret } from './secret.ts';
import { openVault } from './vault/open.ts';
import { version } from './version.ts';

export interface Ready {
  readonly pid: number;
  readonly version: string;
  readonly controlSocket: string;
  readonly bridge: string;
  readonly data: string;
  readonly vault: string;
}

export interface HostRun {
  readonly options: HostOptions;
  /** In the foreground the log goes to stderr too. */
  readonly foreground: boolean;
  /** Asks the person; null where nobody can be asked. */
  readonly askPassphrase?: () => Promise<Secret | null>;
  readonly onReady?: (ready: Ready) => void;
}

/**
 * Runs a broker until SIGTERM or SIGINT. The claim comes first: a second broker must not touch the store or the vault.
 * @throws broker_running, unsafe_folder, vault_*, store_damaged, port_taken, invalid_input
 */
export async function runHost({ options, foreground, askPassphrase, onReady }: HostRun): Promise<void> {
  // Into the real environment, for the keychain's library reads it there.
  Object.assign(process.env, sessionEnvironment(thisMachine()));
  const paths = pathsOf(thisMachine());
  preparePaths(paths);
  const claim = claimControl(paths.controlSocket);
  const log = openLog(paths, options, foreground);
  const stop = nextSignal();
  try {
    const vault = await openVault({
      prefer: options.vault,
      file: paths.vaultFile,
      service: paths.keychainService,
      log,
      ...(await passphrase(options, askPassphrase)),
    });
    const broker = await startBroker({
      paths,
      vault,
      log,
      clock,
      openUrl: systemBrowser(process.env),
      env: process.env,
      extraCaFiles: options.caFiles,
      ...(options.bridgePort === null ? {} : { bridgePort: options.bridgePort }),
      grants: {
        ...(options.callbackPort === null ? {} : { callbackPort: options.callbackPort }),
        ...(options.cimdUrl === null ? {} : { cimdUrl: options.cimdUrl }),
      },
    });
    try {
      const control = await serveControl(claim, {
        deps: broker.control,
        onStdio: (hello, stream) => broker.onStdio(hello, stream),
        log,
      });
      const bridge = broker.control.bridge?.url ?? '';
      const ready = { controlSocket: control.path, bridge, data: paths.data, vault: vault.kind };
      log.info('the broker is up', { version, pid: process.pid, ...ready });
      if (!vault.persistent)
        log.warn('grants end with this broker: there is no vault that outlives it', { because: vault.reason });
      onReady?.({ pid: process.pid, version, ...ready });
      log.info('the broker stops', { because: await stop.signal });
      await control.close();
    } finally {
      await broker.close();
    }
  } catch (cause) {
    log.error('the broker could not go on', { cause });
    throw cause;
  } finally {
    stop.forget();
    log.close();
    claim.release();
  }
}

const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

function openLog(paths: Paths, options: HostOptions, foreground: boolean): Log & { close(): void } {
  const file = openLogFile({ path: paths.logFile });
  const log = createLog({
    level: options.logLevel,
    clock,
    write(line) {
      file.write(line);
      if (foreground) process.stderr.write(`${line}\n`);
    },
  });
  // A defect in one corner must not end every agent's session; it must not go unseen either.
  process.on('unhandledRejection', (cause) => log.error('a failure that nobody handled', { cause }));
  return { ...log, close: () => file.close() };
}

const ignore = (): void => undefined;

/** Resolves with the first signal to stop. A terminal that closes does not end a broker. */
function nextSignal(): { signal: Promise<string>; forget: () => void } {
  const told = new AbortController();
  // Who asks twice does not want to wait for what still closes.
  const tell = (signal: string) => (told.signal.aborted ? process.exit(exitCodes.failure) : told.abort(signal));
  const signal = new Promise<string>((resolve) => {
    told.signal.addEventListener('abort', () => resolve(String(told.signal.reason)));
  });
  process.on('SIGTERM', tell);
  process.on('SIGINT', tell);
  process.on('SIGHUP', ignore);
  return {
    signal,
    forget() {
      process.off('SIGTERM', tell);
      process.off('SIGINT', tell);
      process.off('SIGHUP', ignore);
    },
  };
}

async function passphrase(
  options: HostOptions,
  ask: (() => Promise<Secret | null>) | undefined,
): Promise<{ passphrase?: Secret }> {
  if (options.vault !== 'passphrase-file') return {};
  if (options.passphraseFile === null) {
    const answer = (await ask?.()) ?? null;
    return answer === null ? {} : { passphrase: answer };
  }
  try {
    const [line = ''] = readFileSync(options.passphraseFile, 'utf8').split(/\r?\n/u, 1);
    return { passphrase: secret(line) };
  } catch (cause) {
    throw new TokentrayError('invalid_input', 'the passphrase file cannot be read', {
      subject: options.passphraseFile,
      cause,
    });
  }
}

/** The entry of a broker that the command line or the shim started: says on stderr why it could not start, if so. */
async function background(): Promise<ExitCode> {
  try {
    await runHost({ options: hostOptions({}, process.env), foreground: false });
    return exitCodes.ok;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    process.stderr.write(`tokentray: ${words}\n`);
    return isTokentrayError(error) ? exitCodeFor(error.code) : exitCodes.failure;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exit(await background());
}
