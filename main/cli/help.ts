// The words of --help: the overview, and each command with its options, examples and exit codes.
import type { Command, OptionSpecs } from './command.ts';
import { exitCodeHelp } from './stdio-help.ts';

export function overview(commands: ReadonlyArray<readonly [name: string, summary: string]>): string {
  return `Tokentray signs in to remote MCP servers and lends every local agent a fresh token.

Usage: tokentray <command> [options]

Commands:
${columns(commands)}

Each command explains itself: tokentray <command> --help
Example: tokentray add linear https://mcp.linear.app/mcp && tokentray connect linear

${exitCodeHelp()}`;
}

const personOnlyHelp = (what: string): string => `
Refused to a command that an agent started: ${what}.
Do that in Tokentray's window, or in a terminal that no agent started. It stops agents that do as they are told, and no
program that means to deceive you: such a one runs as you, and can do what you can.
`;

export function commandHelp(command: Command): string {
  const forms = command.usage.map((form) => `tokentray ${form}`).join('\n       ');
  const about = command.about === undefined ? '' : `\n${command.about}\n`;
  const personOnly = command.personOnly === undefined ? '' : personOnlyHelp(command.personOnly);
  const examples = command.examples.map((example) => `  ${example}`).join('\n');
  return `${command.summary}.

Usage: ${forms}
${about}${personOnly}
Options:
${optionLines(command.options)}

${command.examples.length === 1 ? 'Example' : 'Examples'}:
${examples}

${exitCodeHelp(command.exits)}`;
}

function optionLines(options: OptionSpecs): string {
  return columns(
    Object.entries(options).map(([name, { short, value, help }]) => [
      `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`,
      help,
    ]),
  );
}

function columns(rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
