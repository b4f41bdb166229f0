// What the conformance score counts: the suite's own lists, and only scenarios in which something was really checked.
import { describe, expect, it } from 'vitest';
import { behaviourFor } from './agent/behaviour.ts';
import { judge } from './judge.ts';
import type { Check } from './judge.ts';
import { readOptions, wanted } from './options.ts';
import { readRequirements, readTargets } from './targets.ts';

const check = (status: Check['status'], id = 'some-check'): Check => ({
  id,
  name: id,
  description: 'some words',
  status,
});

describe('the targets', () => {
  it('are all scenarios that the suite requires of a client, and the authorization extensions', () => {
    const counted = readTargets().map(({ revision, kind, scenarios }) => `${revision} ${kind} ${scenarios.length}`);
    expect(counted).toEqual([
      '2025-03-26 back-compat 2',
      '2025-11-25 scored 18',
      '2025-11-25 extensions 6',
      '2026-07-28 scored 32',
      '2026-07-28 extensions 6',
    ]);
  });

  it('leave out what is asked of servers, and what is not scored for another reason', () => {
    const yaml = [
      'server:',
      '  - a-server-scenario',
      '',
      'client:',
      '  - a-client-scenario',
      'not_scored:',
      '  - scenario: auth/an-extension',
      '    leg: client',
      '    reason: extension',
      '  - scenario: tasks-of-servers',
      '    leg: server',
      '    reason: extension',
      '  - scenario: too-late',
      '    leg: client',
      '    reason: added-after-release',
    ].join('\n');
    expect(readRequirements(yaml)).toEqual({ scored: ['a-client-scenario'], extensions: ['auth/an-extension'] });
  });

  it('have an agent that knows what to do in each of them', () => {
    for (const scenario of readTargets().flatMap(({ scenarios }) => scenarios)) {
      expect(behaviourFor(scenario), scenario).toBeTypeOf('function');
    }
  });
});

describe('a scenario', () => {
  it('passes when the suite is content, something was checked and the agent went the whole way', () => {
    expect(judge(0, [check('INFO'), check('SUCCESS')], true)).toEqual({
      passed: true,
      checks: { passed: 1, decided: 1 },
      reasons: [],
    });
  });

  it('fails when the suite says so', () => {
    const judged = judge(1, [check('SUCCESS'), check('FAILURE', 'the-failed-one')], true);
    expect(judged.passed).toBe(false);
    expect(judged.reasons).toEqual(['failure the-failed-one: some words', 'the suite ended with exit code 1']);
  });

  it('fails when nothing was checked, even though the suite is content', () => {
    expect(judge(0, [check('INFO'), check('SKIPPED')], true).passed).toBe(false);
    // Every scenario gets this one for any well-formed message.
    expect(judge(0, [check('SUCCESS', 'wire-schema-valid')], true).passed).toBe(false);
  });

  it('fails when the agent broke, even where the suite forgives it', () => {
    expect(judge(0, [check('SUCCESS')], false).passed).toBe(false);
  });

  it('fails when it had to be ended', () => {
    expect(judge(null, [check('SUCCESS')], true).passed).toBe(false);
  });
});

describe('the options', () => {
  const targets = readTargets();

  it('ask for everything when nothing is said', () => {
    const options = readOptions([], targets);
    expect(options).toMatchObject({
      bridges: ['stdio', 'http'],
      eras: ['old', 'new'],
      revisions: null,
      scenarios: null,
    });
  });

  it('narrow the run down', () => {
    const options = readOptions(['--bridge', 'http', '--revision', '2025-11-25', '--scenario', 'iss-'], targets);
    if (options === 'help') throw new Error('no help was asked for');
    expect(options.bridges).toEqual(['http']);
    expect(wanted(options, '2025-11-25', 'auth/iss-supported')).toBe(true);
    expect(wanted(options, '2026-07-28', 'auth/iss-supported')).toBe(false);
    expect(wanted(options, '2025-11-25', 'initialize')).toBe(false);
  });

  it('are refused when they name nothing that exists', () => {
    expect(() => readOptions(['--era', 'middle'], targets)).toThrow('--era is one of old, new');
    expect(() => readOptions(['--jobs', '0'], targets)).toThrow('--jobs');
  });
});
