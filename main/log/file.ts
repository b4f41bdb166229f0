// The log file: readable by this user only, turned over at a size, a few old ones kept, and never a reason to stop.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface LogFileOptions {
  readonly path: string;
  /** Bytes after which the file becomes `<path>.1`; 5 MB unless given. */
  readonly maxBytes?: number;
  /** How many old files are kept; 3 unless given. */
  readonly keep?: number;
}

export interface LogFile {
  write(this: void, line: string): void;
  close(): void;
}

/** Opens or creates the file. Afterwards a failing write (a full disk) is dropped: the log must not stop the broker. */
export function openLogFile(options: LogFileOptions): LogFile {
  const { path, maxBytes = 5_000_000, keep = 3 } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let descriptor: number | null = open(path);
  let size = fstatSync(descriptor).size;
  let closed = false;

  function turnOver(): void {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
    if (keep === 0) rmSync(path, { force: true });
    for (let age = keep; age >= 1; age -= 1) move(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`);
    size = 0;
  }

  return {
    write(line) {
      if (closed) return;
      const bytes = Buffer.from(`${line}\n`);
      try {
        if (size > 0 && size + bytes.length > maxBytes) turnOver();
        descriptor ??= open(path);
        writeSync(descriptor, bytes);
        size += bytes.length;
      } catch {
        // The disk is full or the folder is gone: the next line tries again.
      }
    },
    close() {
      closed = true;
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}

function open(path: string): number {
  // A symbolic link here could make us append to another file of this user's.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  const descriptor = openSync(path, flags, 0o600);
  chmodSync(path, 0o600);
  return descriptor;
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
