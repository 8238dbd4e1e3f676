// A bar chart as SVG: one panel per number of threads, one group of bars per network, a line where the baseline is.

const WIDTH = 760
const LEFT = 170
const RIGHT = 60
const LABEL = 34
const BAR = 13
const GAP = 3
const GROUP_GAP = 11
const HEADER = 64
const PANEL_TITLE = 34
const AXIS = 26
const FOOTER = 20

const COLOURS = ['#1769aa', '#b0bec5', '#e0a458', '#7f9c6d']
const INK = '#263238'
const FAINT = '#78909c'
const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"'

const escapeText = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])

const text = (x, y, content, { size = 12, anchor = 'start', fill = INK, weight = 400 } = {}) =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}">${escapeText(content)}</text>`

const rectangle = (x, y, width, height, fill) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="2" fill="${fill}"/>`

/** Upright. */
const line = (x, top, bottom, stroke, width) =>
  `<line x1="${round(x)}" y1="${top}" x2="${round(x)}" y2="${bottom}" stroke="${stroke}" stroke-width="${width}"/>`

const round = (value) => Math.round(value * 100) / 100

/** Distance of the axis's lines: 1, 2 or 5 times a power of ten, so that `most` has at most seven of them. */
export function tickStep(most) {
  const power = 10 ** Math.floor(Math.log10(most / 7))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 7)
}

/**
 * `series` are names in the order of their bars; a panel has a `title` and `groups`, each { label, values } with one value per series, or
 * undefined where there is none. Values are times as fast as the baseline, which is 1.
 */
export function barChart({ title, subtitle, series, baseline, panels }) {
  const values = panels.flatMap(({ groups }) => groups.flatMap((group) => group.values)).filter((v) => v !== undefined)
  if (values.length === 0) throw new RangeError('A chart needs at least one value')
  const step = tickStep(Math.max(1, ...values))
  const most = Math.ceil(Math.max(1, ...values) / step) * step
  const scale = (WIDTH - LEFT - RIGHT) / most
  const x = (value) => LEFT + value * scale
  /** Behind the bar, but not across the baseline. */
  const labelX = (value) => (value < 1 && x(value) + LABEL > x(1) ? x(1) : x(value)) + 6

  const parts = [text(24, 28, title, { size: 17, weight: 600 }), text(24, 48, subtitle, { fill: FAINT })]
  let y = HEADER
  let legendX = 24
  series.forEach((name, i) => {
    parts.push(rectangle(legendX, y - 2, 11, 11, COLOURS[i % COLOURS.length]))
    parts.push(text(legendX + 17, y + 8, name))
    legendX += 40 + 7 * name.length
  })
  parts.push(line(legendX + 6, y - 3, y + 10, INK, 1.5))
  parts.push(text(legendX + 17, y + 8, `${baseline} = 1`))
  y += 16

  for (const panel of panels) {
    y += PANEL_TITLE
    parts.push(text(24, y - 12, panel.title, { size: 13, weight: 600 }))
    const top = y
    const groupHeight = series.length * (BAR + GAP) - GAP
    const bottom = top + panel.groups.length * (groupHeight + GROUP_GAP)
    for (let tick = 0; tick <= most + step / 2; tick += step) {
      parts.push(line(x(tick), top - 4, bottom, '#eceff1', 1))
      parts.push(text(x(tick), bottom + 14, String(round(tick)), { size: 11, anchor: 'middle', fill: FAINT }))
    }
    panel.groups.forEach((group, g) => {
      const groupTop = top + g * (groupHeight + GROUP_GAP) + GROUP_GAP / 2
      const weight = group.strong ? 600 : 400
      parts.push(text(LEFT - 10, groupTop + groupHeight / 2 + 4, group.label, { anchor: 'end', weight }))
      group.values.forEach((value, i) => {
        if (value === undefined) return
        const barTop = round(groupTop + i * (BAR + GAP))
        parts.push(rectangle(LEFT, barTop, round(value * scale), BAR, COLOURS[i % COLOURS.length]))
        parts.push(text(labelX(value), barTop + BAR - 3, value.toFixed(2), { size: 11, fill: i === 0 ? INK : FAINT }))
      })
    })
    parts.push(line(x(1), top - 4, bottom, INK, 1.5))
    y = bottom + AXIS
  }
  const height = round(y + FOOTER)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" ${FONT} role="img" aria-label="${escapeText(title)}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}
