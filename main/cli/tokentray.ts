#!/usr/bin/env node
// The launcher: hands `stdio` to the shim on any Node from 18, everything else to the command line on Node 22.13 and newer.
import process from 'node:process';
import { exitCodes } from './exit-codes.ts';
import { brokerNode, runsBroker } from './node-version.ts';

if (process.argv[2] === 'stdio') {
  const { runShim } = await import('./stdio-shim.ts');
  await runShim(process.argv.slice(3));
} else if (!runsBroker(process.versions.node)) {
  process.stderr.write(
    `tokentray: Node ${brokerNode} or newer is needed, this is ${process.versions.node}; only "tokentray stdio" runs here\n`,
  );
  process.exitCode = exitCodes.nodeTooOld;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
