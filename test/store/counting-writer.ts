// Counts up a setting a hundred times, each time in one transaction.
import { argv } from 'node:process';
import { open } from './fixture.ts';

const { store } = open(argv[2]);
for (let n = 0; n < 100; n += 1) {
  store.transaction(() => store.settings.set('count', String(Number(store.settings.get('count') ?? 0) + 1)));
}
store.close();
