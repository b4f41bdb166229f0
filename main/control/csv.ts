// Rows of a CSV file in which no cell is run as a formula, whoever chose its words.

/** RFC 4180. */
export const csvRow = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** The full-width signs begin a formula too, where the spreadsheet is set to Japanese or Chinese. */
const formula = /^[\s\u0000-\u001f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

/**
 * Every cell in quotes. Spreadsheets run what begins like a formula, quotes or not, and servers and agents choose some of
 * these words: an apostrophe makes it text.
 */
function csvCell(text: string): string {
  const harmless = formula.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
