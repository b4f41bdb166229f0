// What is run to learn something gets nothing of ours, and cannot keep us waiting.
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../../main/access/evidence/run.ts';

const node = (code: string, options = {}) => runProgram(process.execPath, ['-e', code], options);

describe('a program that is asked', () => {
  it('answers on stdout, and on stderr only where that is wanted', async () => {
    const code = 'console.log("out"); console.error("err"); process.exitCode = 3';
    expect(await node('console.log("out"); console.error("err")')).toBe('out\n');
    expect(await node(code)).toBeNull();
    const both = await node(code, { withStderr: true });
    expect(both?.split('\n').sort((one, other) => one.localeCompare(other))).toEqual(['', 'err', 'out']);
  });

  it('sees nothing of our environment', async () => {
    process.env['PERL5OPT'] = '-Mevil';
    try {
      expect(JSON.parse((await node('console.log(JSON.stringify(process.env))')) ?? '')).toEqual({
        LC_ALL: 'C',
        TZ: 'UTC',
      });
    } finally {
      delete process.env['PERL5OPT'];
    }
  });

  it('is ended when it takes too long or talks too much, and a missing one is no failure', async () => {
    expect(await node('setInterval(() => {}, 1000)', { withinMs: 200 })).toBeNull();
    expect(await node('process.stdout.write("x".repeat(5000))', { mostBytes: 1000 })).toBeNull();
    expect(await runProgram('/nowhere/ps', [])).toBeNull();
    expect(await node('console.log(1)', { descriptor: 9_999 })).toBeNull();
  });
});
