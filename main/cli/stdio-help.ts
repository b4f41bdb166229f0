// The help of `tokentray stdio`, apart from the other commands' because the shim carries no dependencies.
import { exitCodeWords } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

export const stdioSummary = 'Connect an agent to a server over stdin and stdout';

/** "Exit codes" as every help ends. */
export function exitCodeHelp(only?: readonly ExitCode[]): string {
  const lines = exitCodeWords
    .filter(([code]) => only?.includes(code) ?? true)
    .map(([code, words]) => `  ${code}  ${words}`);
  return `Exit codes:\n${lines.join('\n')}\n`;
}

export const stdioHelp = `${stdioSummary}. Agents start this; people seldom do.

Usage: tokentray stdio <server> [--agent <name>]

Options:
  --agent <name>  How the agent is called in Tokentray's lists (or TOKENTRAY_AGENT)
  -h, --help      Show this help

Starts a broker when none runs and carries on when that one is restarted. Only protocol goes to stdout.

Example, in an agent's mcp.json:
  { "mcpServers": { "linear": { "command": "tokentray", "args": ["stdio", "linear"] } } }

${exitCodeHelp([0, 1, 2, 4])}`;
