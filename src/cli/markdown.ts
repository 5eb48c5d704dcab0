/** Markdown tables whose cells are safe: a bar or line end inside a cell would break the row. */

function cell(text: string): string {
  const lines = text.replaceAll('|', '\\|').split('\n');
  return lines
    .map((line, i) => (i === 0 ? line.trimEnd() : line.trim()))
    .filter((line, i) => i === 0 || line !== '')
    .join(' ');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
