// Which program an agent on stdio is, as it was checked: one that names itself anew is still the same one.
import type { AgentView } from '../../preload/contract.ts';
import { baseName, isInterpreter } from './evidence/script.ts';
import { plainText } from './plain-text.ts';

export interface Program {
  /** The same for the same program. */
  readonly key: string;
  /** The file that says most about it. */
  readonly file: string;
  /** Named by the kernel, and one program: not an interpreter, a shell or a machine that runs anybody's code. */
  readonly isCertain: boolean;
}

/** Code that stands on a command line is another one with every word: for counting it is one program. */
const inline = /^inline code /u;
/** They run what somebody wrote and `scriptOf` does not know where that is. */
const hosts =
  /^(?:(?:ba|z|da|a|k|mk|fi|tc|c)?sh|nu|busybox|pwsh|powershell|cmd|env|javaw?|dotnet|mono|php[\d.]*|lua(?:jit)?[\d.]*|rscript|r|julia|osascript|tclsh[\d.]*|wish[\d.]*|beam\.smp|erl|escript|qemu-.*|wine.*|gdb|lldb)$/iu;

/** Null where nothing could be checked. */
export function programOf(checked: AgentView['checked']): Program | null {
  if (checked === null || checked.executable === null) return null;
  const { by, executable, script } = checked;
  const isInline = script !== null && inline.test(script);
  const runs = isInline ? 'inline code' : script;
  const isOne = runs === null ? !isInterpreter(executable) && !hosts.test(baseName(executable)) : !isInline;
  return {
    key: JSON.stringify([by, executable, runs]),
    file: plainText(runs === null || isInline ? executable : runs, 256),
    isCertain: by === 'kernel' && isOne,
  };
}
