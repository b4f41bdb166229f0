// Colours, spinners and questions are for terminals only, and what is typed hidden is not shown.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createTerminal, shown, table } from '../../main/cli/terminal.ts';

/** Streams that say that they are terminals, and what was written to stderr. */
function streams(tty: boolean) {
  const make = () => Object.assign(new PassThrough(), { isTTY: tty, fd: 0, setRawMode: () => undefined });
  const [stdin, stdout, stderr] = [make(), make(), make()];
  let written = '';
  stderr.on('data', (chunk: Buffer) => (written += chunk.toString()));
  // Only what the terminal uses of a process's streams is there.
  const all = { stdin, stdout, stderr } as unknown as Parameters<typeof createTerminal>[0];
  return { all, stdin, written: () => written };
}

/** Long enough for two frames. */
const work = () => new Promise((resolve) => setTimeout(resolve, 250));

describe('a terminal', () => {
  it('gets colours; a pipe, NO_COLOR and a dumb terminal do not', () => {
    expect(createTerminal(streams(true).all, {}).paint('red', 'x')).toBe('\u001b[31mx\u001b[0m');
    expect(createTerminal(streams(false).all, {}).paint('red', 'x')).toBe('x');
    expect(createTerminal(streams(true).all, { NO_COLOR: '1' }).paint('red', 'x')).toBe('x');
    expect(createTerminal(streams(true).all, { TERM: 'dumb' }).paint('red', 'x')).toBe('x');
  });

  it('gets a spinner that is wiped away; a pipe gets nothing', async () => {
    const [terminal, pipe] = [streams(true), streams(false)];
    await Promise.all([
      createTerminal(terminal.all, {}).working('Looking', work()),
      createTerminal(pipe.all, {}).working('Looking', work()),
    ]);
    expect(terminal.written()).toContain('Looking');
    expect(terminal.written().endsWith('\r\u001b[K')).toBe(true);
    expect(pipe.written()).toBe('');
  });

  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['\n', true],
    ['n\n', false],
    ['what\n', false],
  ])('takes %j for an answer', async (typed, expected) => {
    const { all, stdin } = streams(true);
    const answer = createTerminal(all, { TERM: 'dumb' }).confirm('Go?', true);
    stdin.write(typed);
    expect(await answer).toBe(expected);
  });

  it('that is closed in the middle of a question has said no', async () => {
    const { all, stdin } = streams(true);
    const answer = createTerminal(all, {}).confirm('Go?', true);
    stdin.end();
    expect(await answer).toBe(false);
  });

  it('does not show what is typed hidden', async () => {
    const { all, stdin, written } = streams(true);
    const answer = createTerminal(all, {}).hidden('Passphrase: ');
    stdin.write('canary-passphrase\r');
    expect(await answer).toBe('canary-passphrase');
    expect(written()).not.toContain('canary');
    expect(await createTerminal(streams(false).all, {}).hidden('Passphrase: ')).toBeNull();
  });
});

describe('text from outside', () => {
  it('is shown as it is when harmless and quoted when it could deceive', () => {
    expect(shown('https://as.example/a?b=c')).toBe('https://as.example/a?b=c');
    expect(shown('a\u001b[2Jb')).toBe('"a\\u001b[2Jb"');
    expect(shown('x\u202ey')).toBe('"x\\u202ey"');
    expect(shown('two words')).toBe('"two words"');
  });
});

describe('a table', () => {
  it('is as wide as its widest cell and has no blanks at line ends', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', ''],
          ['x', 'y'],
        ],
      ),
    ).toBe('A     B\nlong\nx     y');
  });
});
