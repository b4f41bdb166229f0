// The file by which a Linux desktop starts the app at login: where it is and what it says. Pure.
import { join } from 'node:path';

/** Desktop Application Autostart Specification, section "Autostart Directories". */
export function autostartFile(env: NodeJS.ProcessEnv, home: string): string {
  const said = env['XDG_CONFIG_HOME'];
  // XDG Base Directory: a relative path is to be ignored.
  const config = said?.startsWith('/') === true ? said : join(home, '.config');
  return join(config, 'autostart', 'tokentray.desktop');
}

export function autostartEntry(words: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Tokentray',
    'Comment=Signs in to remote MCP servers, once for every agent',
    `Exec=${words.map(execWord).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/**
 * Desktop Entry Specification, "The Exec key": quoted, with a backslash before `"`, `` ` ``, `$` and `\`; `%` doubled because it
 * starts a field code. The file's own escaping then doubles each backslash and spells line ends out.
 */
function execWord(word: string): string {
  const quoted = `"${word.replace(/["`$\\]/gu, '\\$&')}"`.replaceAll('%', '%%');
  return quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
