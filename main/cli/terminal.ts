// How the command line speaks: people on stderr, data on stdout, colours and a spinner only where a terminal is.
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { quote } from '../quote.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

export interface Terminal {
  /** Data for a program, on stdout. */
  data(text: string): void;
  /** Words for a person, on stderr. */
  say(text: string): void;
  /** Coloured when that stream is a terminal and NO_COLOR is not set (no-color.org). */
  paint(style: Style, text: string, stream?: 'stdout' | 'stderr'): string;
  /** Shows on a terminal that something is going on; elsewhere shows nothing. */
  working<T>(text: string, work: Promise<T>): Promise<T>;
  /** Whether a person sits at both ends. */
  readonly interactive: boolean;
  /** Yes or no; no when stdin ends. */
  confirm(question: string, fallback: boolean): Promise<boolean>;
  /** A line that the terminal does not echo; null when stdin is no terminal. */
  hidden(question: string): Promise<string | null>;
  /** Lines of stdin while somebody listens; the returned function stops. */
  lines(onLine: (line: string) => void): () => void;
  /** All of stdin, cut at `limit` bytes. */
  readAll(limit: number): Promise<string>;
}

export interface Streams {
  readonly stdin: NodeJS.ReadStream | ReadStream;
  readonly stdout: NodeJS.WriteStream | WriteStream;
  readonly stderr: NodeJS.WriteStream | WriteStream;
}

const codes: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' };
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const clearLine = '\r\u001b[K';

export function createTerminal({ stdin, stdout, stderr }: Streams, env: NodeJS.ProcessEnv): Terminal {
  const colours = (stream: { isTTY?: boolean }) => stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const interactive = stdin.isTTY && stderr.isTTY;

  return {
    interactive,
    data: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    paint: (style, text, stream = 'stderr') =>
      colours(stream === 'stderr' ? stderr : stdout) ? `\u001b[${codes[style]}m${text}\u001b[0m` : text,

    async working(text, work) {
      if (!stderr.isTTY) return work;
      let frame = 0;
      const draw = () => stderr.write(`${clearLine}${frames[(frame += 1) % frames.length]} ${text}`);
      const timer = setInterval(draw, 100);
      try {
        return await work;
      } finally {
        clearInterval(timer);
        stderr.write(clearLine);
      }
    },

    async confirm(question, fallback) {
      const answer = await ask(
        createInterface({ input: stdin, output: stderr }),
        `${question} [${fallback ? 'Y/n' : 'y/N'}] `,
      );
      if (answer === null) return false;
      return answer.trim() === '' ? fallback : /^y(es)?$/iu.test(answer.trim());
    },

    async hidden(question) {
      if (!interactive) return null;
      stderr.write(question);
      // A terminal interface without an output echoes nothing.
      const answer = await ask(createInterface({ input: stdin, terminal: true }), '');
      stderr.write('\n');
      return answer;
    },

    lines(onLine) {
      const reader = createInterface({ input: stdin });
      reader.on('line', onLine);
      return () => {
        reader.close();
        stdin.pause();
      };
    },

    async readAll(limit) {
      let text = '';
      stdin.setEncoding('utf8');
      for await (const chunk of stdin) {
        text += String(chunk);
        if (text.length >= limit) break;
      }
      return text.slice(0, limit);
    },
  };
}

function ask(reader: Interface, question: string): Promise<string | null> {
  return new Promise((resolve) => {
    // In raw mode Ctrl-C is a key; without this the question would stay open for ever.
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => resolve(null));
    reader.question(question, (answer) => {
      resolve(answer);
      reader.close();
    });
  });
}

/** Text from outside as a person may see it: as it is when harmless, quoted when not. */
export function shown(text: string): string {
  return /^[\x21-\x7e]{1,300}$/u.test(text) ? text : quote(text, 300);
}

/** As `shown`, for what may hold spaces and letters of any script. */
export function shownName(text: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}][\p{L}\p{M}\p{N}\p{P}\p{S} ]{0,299}$/u.test(text) ? text : quote(text, 300);
}

/** A time for a person; `never` for null. */
export function shownTime(millis: number | null, never = 'never'): string {
  return millis === null
    ? never
    : new Date(millis)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/u, 'Z');
}

/** Rows under headings, as wide as their widest cell. */
export function table(headings: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line).join('\n');
}
