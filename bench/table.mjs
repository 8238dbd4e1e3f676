// Tables as text.

/** Columns as wide as their widest cell; the first is aligned left, the others right. */
export function textTable(head, rows) {
  const lines = [head, ...rows].map((cells) => cells.map(String))
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)))
  const format = (cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')
  return [format(lines[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1).map(format)].join(
    '\n',
  )
}

/** Three significant digits, without an exponent. */
export function significant(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value)
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(digits)
}

export const percent = (share) => `${(100 * share).toFixed(0)} %`

/** `median (p10-p90)`. */
export const withSpread = ({ median, p10, p90 }) => `${significant(median)} (${significant(p10)}-${significant(p90)})`

/** `1 core`, `2 cores`. */
export const plural = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`
