// A log that a test can read.
import type { Log, LogFields } from '../../main/ports.ts';

export interface RecordingLog extends Log {
  readonly lines: { level: string; message: string; fields: LogFields }[];
  /** The messages of one level. */
  at(level: 'debug' | 'info' | 'warn' | 'error'): string[];
}

export function recordingLog(): RecordingLog {
  const lines: RecordingLog['lines'] = [];
  const writer =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  const log: RecordingLog = {
    lines,
    at: (level) => lines.filter((line) => line.level === level).map((line) => line.message),
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    with: () => log,
  };
  return log;
}
