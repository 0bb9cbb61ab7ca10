export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

type Cell = string | number

/** Plain text in columns, to be read in a terminal; a row has a cell for every column. Numbers stand as they are given. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => columns.map((_, index) => String(row[index] ?? '')))
  const widths = columns.map(({ title }, index) =>
    texts.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), title.length),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const [cell, width] = [cells[index] ?? '', widths[index] ?? 0]
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width))
  return [columns.map(({ title }) => title), rule, ...texts].map(line).join('\n')
}
