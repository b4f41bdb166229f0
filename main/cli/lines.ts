// Newline-delimited messages out of a byte stream: whole lines only, bytes untouched. Free of dependencies.

/** No message of the protocol comes near it; a stream that never ends a line must not fill the memory. */
const longestLine = 256 * 1_024 * 1_024;

/** Feeds chunks in, gets each whole line (with its newline) out. @throws RangeError on a line that is too long */
export function lineSplitter(onLine: (line: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let held = 0;
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, at + 1);
      from = at + 1;
      const line = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
      parts = [];
      held = 0;
      onLine(line);
    }
    if (from === chunk.length) return;
    const rest = chunk.subarray(from);
    held += rest.length;
    if (held > longestLine) throw new RangeError(`a line is longer than ${longestLine} bytes`);
    parts.push(rest);
  };
}
