// An agent as a program of its own: its stdin and stdout are the shim's, and it runs commands when its starter tells it to.
import { execFile, spawn } from 'node:child_process';

const [launcher = '', server = '', ...words] = process.argv.slice(2);
const shim = spawn(process.execPath, [launcher, 'stdio', server, ...words], {
  stdio: ['inherit', 'inherit', 'inherit'],
});
shim.once('exit', (code) => process.exit(code ?? 1));
process.once('SIGTERM', () => shim.kill('SIGTERM'));

process.on('message', (asked: { readonly command: string; readonly args: readonly string[] }) => {
  const env = { ...process.env, NO_COLOR: '1' };
  execFile(asked.command, asked.args, { env, timeout: 30_000 }, (error, stdout, stderr) => {
    const code = error === null ? 0 : (error.code ?? null);
    process.send?.({ code, stdout, stderr });
  }).stdin?.end();
});
