// Tables for people, in plain text.

/** Aligns columns to their widest cell, the first to the left and the others to the right. Every row ends with \n. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return rows.map(row => `${line(row)}\n`).join('');
}
