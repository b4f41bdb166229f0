// Calls the control contract from a process of its own, and prints what became of each call: `done`, or the error's code.
import { connectControl } from '../../main/control/client.ts';

type Callable = Readonly<Record<string, unknown>> & ((input: unknown) => Promise<unknown>);

const [socket = '', calls = '[]'] = process.argv.slice(2);
const { client, close } = connectControl(socket);
const outcomes: string[] = [];
for (const [path, input] of JSON.parse(calls) as [string, unknown][]) {
  const procedure = path.split('.').reduce<unknown>((at, name) => (at as Callable)[name], client) as Callable;
  outcomes.push(
    await procedure(input).then(
      () => 'done',
      (error: { readonly code?: string; readonly message: string }) => error.code ?? error.message,
    ),
  );
}
await close();
console.log(JSON.stringify(outcomes));
