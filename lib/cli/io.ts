/** Where a command writes, and what can be shown there. */

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Bold and dim text where `output` is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function stylesFor(output: Output, env: Io['env']) {
  const styled = output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const style = (on: number, off: number) => (text: string) => (styled ? `\x1b[${on}m${text}\x1b[${off}m` : text)
  return { bold: style(1, 22), dim: style(2, 22) }
}

export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/** Text of files and arguments as it may be shown: a terminal would obey control characters, so they are written as `\u001b`. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Rows under titles, in columns as wide as they need. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  const format = (line: readonly string[]) =>
    line
      .map((cell, i) => (columns[i]?.align === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${lines.map(format).join('\n')}\n`
}

/** Digits in groups of three: 11,689,512. */
export const grouped = (count: number): string => count.toLocaleString('en-US')

/** Bytes in MiB. */
export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** Indented JSON, in which no control character but the ends of lines is left. */
export const toJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).split('\n').map(printable).join('\n')}\n`
