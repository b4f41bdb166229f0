// The log: one line per event with named fields, redacted before anything is written, to stderr, a file or a function.
import type { Clock, Log, LogFields, LogLevel } from '../ports.ts';
import { openLogFile, type LogFileOptions } from './file.ts';
import { printField, redactText } from './redact.ts';

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  readonly clock: Pick<Clock, 'now'>;
  /** Takes each line, without its line end. */
  readonly write?: (line: string) => void;
  /** Used when there is no `write`. Without both, lines go to stderr. */
  readonly file?: LogFileOptions;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** `2026-01-31T12:00:00.000Z info  message name=value name="quoted value"`. Writing never throws. */
export function createLog(options: LogOptions): Log & { close(): void } {
  const file = options.write === undefined && options.file !== undefined ? openLogFile(options.file) : null;
  const write = options.write ?? file?.write ?? ((line: string) => void process.stderr.write(`${line}\n`));

  function line(level: LogLevel, message: string, fields: LogFields): string {
    const time = new Date(options.clock.now()).toISOString();
    const parts = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => printField(fieldName(name), value));
    return [time, level.padEnd(5), oneLine(redactText(message)), ...parts].join(' ');
  }

  function at(fixed: LogFields): Log {
    const emit = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (ranks[level] < ranks[options.level]) return;
      write(line(level, message, { ...fixed, ...fields }));
    };
    return {
      debug: emit('debug'),
      info: emit('info'),
      warn: emit('warn'),
      error: emit('error'),
      with: (fields) => at({ ...fixed, ...fields }),
    };
  }

  return { ...at({}), close: () => file?.close() };
}

// The message is ours, but an error's text may have been put into it.
function oneLine(text: string): string {
  // oxlint-disable-next-line no-misleading-character-class -- each is removed on its own
  return text.slice(0, 4_000).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

function fieldName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64);
}
