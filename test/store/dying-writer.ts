// Commits one row, writes another in a transaction, and is killed inside it.
import { argv, kill, pid } from 'node:process';
import { open, serverRow } from './fixture.ts';

const { store } = open(argv[2]);
store.servers.add(serverRow('committed'));
store.transaction(() => {
  store.servers.add(serverRow('in-flight'));
  kill(pid, 'SIGKILL');
});
