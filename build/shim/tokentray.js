#!/usr/bin/env node
// What an agent starts when Tokentray came as an app: `node <app>/resources/shim/tokentray.js stdio <server>`, on any Node from 18.
import process from 'node:process';

if (process.argv[2] === 'stdio') {
  // Laid beside this file when the app is packed (scripts/shim.ts); not there in a checkout.
  const shim = new URL('main/cli/stdio-shim.js', import.meta.url);
  const { runShim } = await import(shim.href);
  await runShim(process.argv.slice(3));
} else {
  process.stderr.write(
    'tokentray: the app brings "tokentray stdio <server>" only. For all commands: npm install --global tokentray\n',
  );
  process.exitCode = 2;
}
