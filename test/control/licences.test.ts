// Every package that runs in the app is named with its licence, read from the package itself.
import { describe, expect, it } from 'vitest';
import { readLicences } from '../../main/control/licences.ts';
import about from '../../package.json' with { type: 'json' };

describe('the licences', () => {
  const licences = readLicences();

  it('name every dependency, and theirs, and none that only builds the app', () => {
    const names = licences.map(({ name }) => name);
    for (const name of Object.keys(about.dependencies)) {
      // An alias is installed under our word for it and named by its own.
      expect(names).toContain(name === 'keytar' ? '@github/keytar' : name);
    }
    expect(names).toContain('tokentray');
    // A dependency of a dependency.
    expect(names).toContain('@orpc/shared');
    expect(names).not.toContain('vitest');
    expect(new Set(licences.map(({ name, version }) => `${name} ${version}`)).size).toBe(licences.length);
  });

  it('come with their words', () => {
    const react = licences.find(({ name }) => name === 'react');
    expect(react?.licence).toBe('MIT');
    expect(react?.words).toContain('Permission is hereby granted');
    expect(licences.filter(({ licence }) => licence === 'not stated')).toEqual([]);
  });
});
