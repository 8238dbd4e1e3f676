/** Pictures, bars and columns of text in a terminal. */

const ASCII_RAMP = ' .:-=+*#%@'
const GRAIN = 0.15
const BAR_EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const CSI = '\u001b['

/** What a stream can show: 24-bit colours, 256 colours, or none. */
export function colorsOf(stream) {
  if (!stream.isTTY || process.env.NO_COLOR) return 'none'
  return stream.getColorDepth() >= 24 ? '24bit' : '256'
}

const paint = {
  '24bit': (ground, [r, g, b]) => `${CSI}${ground ? 48 : 38};2;${r};${g};${b}m`,
  // Colours 232 to 255 are greys from black to white.
  256: (ground, [r, g, b]) => `${CSI}${ground ? 48 : 38};5;${232 + Math.round((lightOf(r, g, b) / 255) * 23)}m`,
}

/** Lines that show RGB bytes, two rows of pixels per line: half blocks in colour, or the ink in characters. */
export function pictureLines({ data, width, height }, colors) {
  const lines = Array.from({ length: height / 2 }, (_, line) => line)
  const columns = Array.from({ length: width }, (_, x) => x)
  if (colors === 'none') {
    const ink = inkOf(data)
    const character = (share) => ASCII_RAMP[Math.min(Math.floor(share * ASCII_RAMP.length), ASCII_RAMP.length - 1)]
    return lines.map((line) =>
      columns.map((x) => character((ink[2 * line * width + x] + ink[(2 * line + 1) * width + x]) / 2)).join(''),
    )
  }
  const color = paint[colors]
  const pixel = (x, y) => data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)
  const halfBlock = (x, line) => `${color(false, pixel(x, 2 * line))}${color(true, pixel(x, 2 * line + 1))}▀`
  return lines.map((line) => `${columns.map((x) => halfBlock(x, line)).join('')}${CSI}0m`)
}

const lightOf = (r, g, b) => 0.299 * r + 0.587 * g + 0.114 * b

/** How much ink each pixel has, 0 to 1; what most pixels look like, and the grain around that, has none. */
function inkOf(data) {
  const light = Array.from({ length: data.length / 3 }, (_, i) => lightOf(...data.subarray(3 * i, 3 * i + 3)))
  const ground = light.toSorted((a, b) => a - b)[light.length >> 1]
  const most = Math.max(1, ...light.map((value) => Math.abs(value - ground)))
  return light.map((value) => Math.max(0, Math.abs(value - ground) / most - GRAIN) / (1 - GRAIN))
}

/** A bar of `share` (0 to 1) of `width` columns, padded with spaces. */
export function bar(share, width, colors) {
  if (colors === 'none') return '#'.repeat(Math.round(share * width)).padEnd(width)
  const eighths = Math.round(share * width * 8)
  return ('█'.repeat(eighths >> 3) + BAR_EIGHTHS[eighths & 7]).padEnd(width)
}

export const bold = (text, colors) => (colors === 'none' ? text : `${CSI}1m${text}${CSI}0m`)
export const dim = (text, colors) => (colors === 'none' ? text : `${CSI}2m${text}${CSI}0m`)
export const red = (text, colors) => (colors === 'none' ? text : `${CSI}31m${text}${CSI}0m`)
