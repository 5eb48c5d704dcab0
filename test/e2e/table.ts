/** Stories as text tables: a head line, then one line per story; columns are split by two blanks or more, `-` is nothing. */
export function table(text: string): Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const names = cells(head);
  return lines.map((line) => {
    const values = cells(line);
    if (values.length !== names.length) throw new Error(`${values.length} cells under ${names.length} names: ${line}`);
    return Object.fromEntries(names.map((name, index) => [name, values[index] === '-' ? '' : (values[index] ?? '')]));
  });
}

function cells(line: string): string[] {
  return line.trim().split(/ {2,}/);
}

/** `payin: x / unified: y`, or one word for both. */
export function forProtocol(cell: string, protocol: string): string {
  if (!cell.includes(' / ')) return cell;
  const part = cell.split(' / ').find((one) => one.startsWith(`${protocol}: `));
  if (part === undefined) throw new Error(`nothing for ${protocol} in "${cell}"`);
  const value = part.slice(protocol.length + 2);
  return value === '-' ? '' : value;
}
