// Writes docs/models/: an index and one page for each family of networks, from what the registry knows. Run it after
// `npm run build:js`: node tools/model-pages.mjs
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const count = (number) => number.toLocaleString('en-US')

const sizes = (inputs) =>
  Object.entries(inputs)
    .map(([name, shape]) => `${Object.keys(inputs).length > 1 ? `${name} ` : ''}${shape.join(' x ')}`)
    .join(', ')

const table = (titles, rows) =>
  [titles, titles.map((title) => (title.endsWith(':') ? '---:' : '---')), ...rows]
    .map((cells) => `| ${cells.map((cell) => (cell === '---:' ? cell : cell.replace(/:$/, ''))).join(' | ')} |`)
    .join('\n')

/** Smallest sizes and multiples, when there are any. */
const sizeRule = ({ minInputSize, inputMultiple = 1 }) => {
  if (minInputSize === undefined) return 'the published size'
  return inputMultiple > 1 ? `multiples of ${inputMultiple}, from ${minInputSize}` : `from ${minInputSize}`
}

const numbers = (value) => [value].flat().join(', ')

/** How the published weights want pictures: side before the crop around the centre, interpolation, and what is done to the values. */
const picture = ({
  size,
  fit,
  resize,
  interpolation = 'bilinear',
  channelOrder = 'rgb',
  scale = 1 / 255,
  mean = 0,
  std = 1,
}) => {
  const [shorter] = [size].flat().sort((a, b) => a - b)
  const sides = typeof resize === 'object' ? resize.join(' x ') : (resize ?? shorter)
  const placed = { fill: 'stretched to', contain: 'within' }[fit] ?? 'shorter side'
  const range =
    scale === 1 ? 'from 0 to 255' : `times ${Math.abs(scale - 1 / 255) < 1e-9 ? '1/255' : Number(scale.toPrecision(4))}`
  const shift = [mean].flat().some((value) => value !== 0) ? `, minus ${numbers(mean)}` : ''
  const division = [std].flat().some((value) => value !== 1) ? `, over ${numbers(std)}` : ''
  return `${placed} ${sides}, ${interpolation}; ${channelOrder} ${range}${shift}${division}`
}

function familyPage(family, models) {
  const papers = [...new Map(models.map(({ paper }) => [paper.url, paper])).values()]
  const rows = models.map((model) => [
    `\`${model.name}\``,
    sizes(model.inputs),
    sizeRule(model),
    model.numClasses === undefined ? '-' : String(model.numClasses),
    count(model.parameters),
    count(model.macs),
    model.preprocessing === undefined ? '-' : picture(model.preprocessing),
  ])
  const [{ name, task }] = models
  return `# ${family}

For ${[...new Set(models.map((model) => model.task))].join(', ').replaceAll('-', ' ')}.

${papers.map(({ authors, title, year, url }) => `- ${authors}: [${title}](${url}), ${year}`).join('\n')}

${table(['Name', 'Input', 'Other sizes', 'Classes:', 'Parameters:', 'Multiply-accumulates:', 'Preprocessing'], rows)}

\`\`\`ts
import { createModel } from 'im2col'

const net = createModel('${name}')
net.summary()
\`\`\`

All models for [${task}](README.md#${task}).
`
}

function indexPage(families) {
  const tasks = new Map()
  for (const [family, models] of families) {
    for (const task of new Set(models.map((model) => model.task))) {
      tasks.set(task, [...(tasks.get(task) ?? []), [family, models.filter((model) => model.task === task)]])
    }
  }
  const sections = [...tasks].sort().map(([task, members]) => {
    const rows = members.map(([family, models]) => [
      `[${family}](${family}.md)`,
      [...new Set(models.map(({ paper }) => paper.year))].sort().join(', '),
      models.map(({ name }) => `\`${name}\``).join(', '),
    ])
    return `## ${task}\n\n${table(['Family', 'Year', 'Models'], rows)}\n`
  })
  return `# Models

\`createModel(name)\` builds any of these; \`im2col models\` lists them on the command line, \`listModels({ family, task })\` in a
program.

${sections.join('\n')}`
}

/** File names and texts of all pages. */
export function modelPages(models) {
  const families = new Map()
  for (const model of models) families.set(model.family, [...(families.get(model.family) ?? []), model])
  const sorted = [...families].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map([
    ['README.md', indexPage(sorted)],
    ...sorted.map(([family, members]) => [`${family}.md`, familyPage(family, members)]),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { listModels } = await import('../dist/index.js')
  const folder = fileURLToPath(new URL('../docs/models', import.meta.url))
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(folder)) rmSync(join(folder, file))
  for (const [file, text] of modelPages(listModels())) writeFileSync(join(folder, file), text)
}
