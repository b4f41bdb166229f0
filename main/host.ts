// One broker and its control socket, from the claim to the release: what the desktop and the host without one have in common.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { startBroker } from './broker.ts';
import type { Broker } from './broker.ts';
import type { BrokerOptions } from './compose/options.ts';
import { pathsOf, preparePaths, sessionEnvironment, thisMachine } from './config/paths.ts';
import type { Paths } from './config/paths.ts';
import { claimControl } from './control/claim.ts';
import type { HostOptions } from './control/host-options.ts';
import { serveControl } from './control/socket.ts';
import { TokentrayError } from './errors.ts';
import { openLogFile } from './log/file.ts';
import { createLog } from './log/log.ts';
import type { Clock, Log } from './ports.ts';
import { secret } from './secret.ts';
import type { Secret } from './secret.ts';
import { openVault, usesPassphraseFile } from './vault/open.ts';
import { version } from './version.ts';

export interface Ready {
  readonly pid: number;
  readonly version: string;
  readonly controlSocket: string;
  readonly bridge: string;
  readonly data: string;
  readonly vault: string;
  /** Why it is that one, or what it cannot do; null: nothing to say. */
  readonly vaultReason: string | null;
  /** Whether it is locked from the start. */
  readonly locked: boolean;
  /** `off`: no person is asked before an agent uses a server. */
  readonly approvals: 'ask' | 'off';
}

export interface HostRun {
  readonly options: HostOptions;
  /** What this host has and another has not. */
  readonly host: Pick<
    BrokerOptions,
    'openUrl' | 'loginItem' | 'showWindow' | 'shim' | 'seesScreenLock' | 'systemCheck'
  >;
  /** Whether the log goes to stderr too. */
  readonly foreground: boolean;
  /** Asks the person; null where nobody can be asked. */
  readonly askPassphrase?: () => Promise<Secret | null>;
  /** Resolves with the reason when the broker is to end. */
  readonly stop: Promise<string>;
  readonly onReady?: (ready: Ready, broker: Broker) => void | Promise<void>;
}

/**
 * Runs a broker until `stop` resolves. The claim comes first: a second broker must not touch the store or the vault.
 * @throws broker_running, unsafe_folder, vault_*, store_damaged, port_taken, invalid_input
 */
export async function runHost({ options, host, foreground, askPassphrase, stop, onReady }: HostRun): Promise<void> {
  // Into the real environment, for the keychain's library reads it there.
  Object.assign(process.env, sessionEnvironment(thisMachine()));
  const paths = pathsOf(thisMachine());
  preparePaths(paths);
  const claim = claimControl(paths.controlSocket);
  const log = openLog(paths, options, foreground);
  try {
    const vault = await openVault({
      prefer: options.vault,
      file: paths.vaultFile,
      service: paths.keychainService,
      log,
      // Whoever starts a broker by hand is told that a passphrase is missing; one that starts by itself can be unlocked later.
      mayBeginLocked: askPassphrase === undefined,
      ...(usesPassphraseFile(options.vault, paths.vaultFile) ? await passphrase(options, askPassphrase) : {}),
    });
    const broker = await startBroker({
      paths,
      vault,
      log,
      clock,
      env: process.env,
      extraCaFiles: options.caFiles,
      ...host,
      ...(options.bridgePort === null ? {} : { bridgePort: options.bridgePort }),
      ...(options.approvals === null ? {} : { approvals: options.approvals }),
      grants: {
        ...(options.callbackPort === null ? {} : { callbackPort: options.callbackPort }),
        ...(options.cimdUrl === null ? {} : { cimdUrl: options.cimdUrl }),
      },
    });
    try {
      const control = await serveControl(claim, {
        deps: broker.control,
        onStdio: (hello, stream, peer) => broker.onStdio(hello, stream, peer),
        log,
      });
      const bridge = broker.control.bridge?.url ?? '';
      const ready = {
        controlSocket: control.path,
        bridge,
        data: paths.data,
        vault: vault.kind,
        vaultReason: vault.reason,
        locked: broker.control.lock.isLocked(),
        approvals: broker.control.settings.approvals(),
      };
      log.info('the broker is up', { version, pid: process.pid, ...ready });
      if (ready.approvals === 'off') log.warn('approvals are off: agents use every server without anybody being asked');
      if (!vault.persistent)
        log.warn('grants end with this broker: there is no vault that outlives it', { because: vault.reason });
      try {
        await onReady?.({ pid: process.pid, version, ...ready }, broker);
        log.info('the broker stops', { because: await stop });
      } finally {
        await control.close();
      }
    } finally {
      await broker.close();
    }
  } catch (cause) {
    log.error('the broker could not go on', { cause });
    throw cause;
  } finally {
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

async function passphrase(
  options: HostOptions,
  ask: (() => Promise<Secret | null>) | undefined,
): Promise<{ passphrase?: Secret }> {
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
