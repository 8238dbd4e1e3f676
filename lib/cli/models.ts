import type { Command } from 'commander'
import { shippedWeights } from '../classify.js'
import type { Architecture } from '../zoo/architecture.js'
import { listModels, type ModelFilter } from '../zoo/registry.js'
import { formatTable, grouped, type Io, toJson } from './io.js'

interface Options extends ModelFilter {
  readonly json?: boolean
}

export function addModels(program: Command, io: Io): void {
  program
    .command('models')
    .description('list the networks')
    .option('--family <name>', 'of this family only')
    .option('--task <name>', 'for this task only')
    .option('--json', 'print JSON')
    .action(({ json, ...filter }: Options) => {
      const models = listModels(filter)
      io.stdout.write(json ? toJson(models) : table(models))
    })
}

function table(models: readonly Architecture[]): string {
  const columns = [
    { title: 'NAME' },
    { title: 'TASK' },
    { title: 'INPUT' },
    { title: 'CLASSES', align: 'right' },
    { title: 'PARAMETERS', align: 'right' },
    { title: 'MACS', align: 'right' },
    { title: 'WEIGHTS' },
    { title: 'PAPER' },
  ] as const
  const rows = models.map(({ name, task, inputs, numClasses, parameters, macs, paper }) => [
    name,
    task,
    Object.values(inputs)
      .map((shape) => shape.join(' x '))
      .join(', '),
    String(numClasses ?? '-'),
    grouped(parameters),
    grouped(macs),
    shippedWeights(name) === undefined ? '-' : 'shipped',
    `${paper.authors.split(',')[0]} ${paper.year}`,
  ])
  return formatTable(columns, rows)
}
