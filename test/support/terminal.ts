// What a terminal shows: a small emulator for the control sequences that the commands write.

const ESCAPE = '\u001b';
/** A control sequence, a return, a line feed or text. */
const PIECE = new RegExp(`${ESCAPE}\\[([?\\d]*)([A-Za-z])|\\r|\\n|[^${ESCAPE}\\r\\n]+`, 'g');

/** The lines on a terminal, each without trailing spaces, after all of `output` was written to it. Colours are left out. */
export function screenOf(output: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [piece, count, command] of output.matchAll(PIECE)) {
    if (piece === '\r') {
      column = 0;
    } else if (piece === '\n') {
      // A pseudo-terminal writes \r\n for it, and a stream in a test means the same.
      row++;
      column = 0;
      lines[row] ??= '';
    } else if (command === undefined) {
      const line = lines[row]!.padEnd(column);
      lines[row] = line.slice(0, column) + piece + line.slice(column + piece.length);
      column += piece.length;
    } else if (command === 'A') {
      row = Math.max(0, row - Number(count || 1));
    } else if (command === 'B') {
      row = Math.min(lines.length - 1, row + Number(count || 1));
    } else if (command === 'G') {
      column = Number(count || 1) - 1;
    } else if (command === 'K') {
      lines[row] = count === '2' ? '' : lines[row]!.slice(0, column);
    } else if (command === 'J' && count === '') {
      lines.length = row + 1;
      lines[row] = lines[row]!.slice(0, column);
    } else if (command !== 'm' && !count!.startsWith('?')) {
      throw new Error(`the emulator knows no sequence ${JSON.stringify(piece)}`);
    }
  }
  // Lines below the cursor that were erased look like the empty rest of the screen.
  while (lines.length - 1 > row && lines.at(-1)!.trimEnd() === '') lines.pop();
  return lines.map(line => line.trimEnd());
}
