// Writes numbers to a passphrase file until it is killed; says each one when it is durable.
import { argv, stdout } from 'node:process';
import { secret } from '../../main/secret.ts';
import { openPassphraseFile } from '../../main/vault/passphrase-file.ts';
import { refOf } from './contract-refs.ts';
import { recordingLog } from './recording-log.ts';

const [, , file = '', passphrase = '', first = '0'] = argv;
const store = await openPassphraseFile({
  file,
  passphrase: secret(passphrase),
  log: recordingLog(),
  clock: { now: () => Date.now() },
  cost: 10,
});
for (let n = Number(first); ; n += 1) {
  await store.write(refOf('g'), secret(`${n} ${'x'.repeat(20_000)}`));
  stdout.write(`${n}\n`);
}
