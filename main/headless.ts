// The broker without a window, in plain Node: serves until it is told to stop; its UI is a browser's.
import { realpathSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { exitCodeFor, exitCodes } from './cli/exit-codes.ts';
import type { ExitCode } from './cli/exit-codes.ts';
import { hostOptions } from './control/host-options.ts';
import { isTokentrayError } from './errors.ts';
import { runHost } from './host.ts';
import type { HostRun } from './host.ts';
import { systemBrowser } from './open-url.ts';

/**
 * Runs a broker until SIGTERM or SIGINT.
 * @throws broker_running, unsafe_folder, vault_*, store_damaged, port_taken, invalid_input
 */
export async function runHeadless(run: Omit<HostRun, 'host' | 'stop'>): Promise<void> {
  const stop = nextSignal();
  try {
    await runHost({ ...run, host: { openUrl: systemBrowser(process.env) }, stop: stop.signal });
  } finally {
    stop.forget();
  }
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

/** The entry of a broker that the command line or the shim started: says on stderr why it could not start, if so. */
async function background(): Promise<ExitCode> {
  try {
    await runHeadless({ options: hostOptions({}, process.env), foreground: false });
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
