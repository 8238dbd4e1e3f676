/**
 * Reads the handwritten digits in demo/digits with the network and the weights that the package ships, and shows each
 * picture beside what it was taken for:
 *
 *     npm run demo
 */

import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { classify, engineInfo } from 'im2col'
import sharp from 'sharp'
import { bar, bold, colorsOf, dim, pictureLines, red } from './terminal.mjs'

const NETWORK = 'lenet5'
const PICTURE_SIDE = 20
const BAR_WIDTH = 8
const TOP = 5

/** RGB bytes of a picture, cut to a square of PICTURE_SIDE. */
async function thumbnail(path) {
  const { data, info } = await sharp(path)
    .resize({ width: PICTURE_SIDE, height: PICTURE_SIDE, fit: 'cover', kernel: 'cubic' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** What a picture was taken for, and whether its name says the same. */
async function read(path) {
  const started = performance.now()
  const classes = await classify(path, NETWORK, { top: TOP })
  const milliseconds = performance.now() - started
  const name = basename(path)
  return { name, classes, milliseconds, right: classes[0].label === name[0], picture: await thumbnail(path) }
}

/** Lines of one picture and its classes, 39 columns wide. */
function cardOf({ name, classes, milliseconds, right, picture }, colors) {
  const time = `${milliseconds.toFixed(1)} ms`.padStart(18 - name.length)
  const bars = classes.map(({ label, probability }, rank) => {
    const percent = `${(100 * probability).toFixed(1)}%`.padStart(6)
    const line = `${label} ${bar(probability, BAR_WIDTH, colors)}  ${percent}`
    return rank === 0 ? bold(line, colors) : dim(line, colors)
  })
  const verdict = right ? '' : red(`wrong: this is a ${name[0]}`, colors)
  const text = ['', `${name}${dim(time, colors)}`, '', ...bars, '', verdict]
  return pictureLines(picture, colors).map((line, i) => `${line} ${text[i]}`)
}

const visibleLength = (line) => stripVTControlCharacters(line).length

function printRow(left, right) {
  for (const [i, line] of left.entries()) {
    console.log(right ? `${line}${' '.repeat(41 - visibleLength(line))}${right[i]}` : line)
  }
  console.log()
}

process.stdout.on('error', (error) => {
  // Whoever reads along may stop early, as `head` does.
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
const colors = colorsOf(process.stdout)
const folder = new URL('digits/', import.meta.url)
const files = (await readdir(folder)).filter((name) => name.endsWith('.png')).sort()
if (files.length === 0) throw new Error(`No pictures in ${fileURLToPath(folder)}`)
const paths = files.map((name) => fileURLToPath(new URL(name, folder)))

// The first picture also pays for reading and packing the weights.
await classify(paths[0], NETWORK)

const readings = []
for (let i = 0; i < paths.length; i += 2) {
  const cards = []
  for (const path of paths.slice(i, i + 2)) {
    const reading = await read(path)
    readings.push(reading)
    cards.push(cardOf(reading, colors))
  }
  printRow(...cards)
}

const right = readings.filter((reading) => reading.right).length
const mean = readings.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / readings.length
const { isa, threads } = engineInfo()
console.log(
  `${bold(`${right} of ${readings.length} digits read right`, colors)}, ${mean.toFixed(1)} ms per picture ` +
    `(${NETWORK}, ${isa}, ${threads} thread${threads === 1 ? '' : 's'})`,
)
