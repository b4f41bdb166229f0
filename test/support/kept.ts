// What a test opened is closed when it ends, newest first, whether it passed or not.
import { afterEach } from 'vitest';

export type Kept = <T extends { close(): unknown }>(it: T) => T;

/** For the tests of the file, or the `describe`, that calls it. */
export function keptUntilTheEnd(): Kept {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });
  return (it) => {
    open.push(it);
    return it;
  };
}
