// A browser that agrees to everything: opens the address it is given and follows redirects until the loopback callback.
import process from 'node:process';

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error('an address is needed');
// Nobody waits for a browser, so a page that never comes must end it.
const answer = await fetch(address, { redirect: 'follow', signal: AbortSignal.timeout(15_000) });
await answer.text();
