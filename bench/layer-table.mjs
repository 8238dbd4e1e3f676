// The list of layers in layers.txt.
const COLUMNS = ['height', 'width', 'inChannels', 'outChannels', 'kernel', 'stride', 'padding', 'groups']

/** Reads lines of a network's name and the numbers of `COLUMNS`; `#` begins a comment. Throws an error that names the line. */
export function readLayers(text) {
  const layers = []
  text.split('\n').forEach((line, i) => {
    const [network, ...words] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (network === '') return
    const numbers = words.map(Number)
    if (numbers.length !== COLUMNS.length || !numbers.every((n) => Number.isInteger(n) && n >= 0)) {
      throw new Error(`line ${i + 1}: expected a network and ${COLUMNS.length} integers but got '${line.trim()}'`)
    }
    layers.push({ network, ...Object.fromEntries(COLUMNS.map((column, c) => [column, numbers[c]])) })
  })
  return layers
}

/** Such as `56x56x64 -> 256 1x1` or `28x28x192 -> 192 3x3 s2 g192`. */
export function layerLabel({ height, width, inChannels, outChannels, kernel, stride, groups }) {
  const notes = [...(stride > 1 ? [` s${stride}`] : []), ...(groups > 1 ? [` g${groups}`] : [])].join('')
  return `${height}x${width}x${inChannels} -> ${outChannels} ${kernel}x${kernel}${notes}`
}

/** Multiply-accumulates. */
export function layerMacs({ height, width, inChannels, outChannels, kernel, stride, padding, groups }) {
  const size = (n) => Math.floor((n + 2 * padding - kernel) / stride) + 1
  return size(height) * size(width) * outChannels * (inChannels / groups) * kernel ** 2
}
