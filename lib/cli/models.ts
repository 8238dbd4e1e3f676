import type { Command } from 'commander'
import { shippedWeights } from '../classify.js'
import { listModels } from '../zoo/registry.js'
import { formatTable, grouped, type Io, toJson } from './io.js'

export function addModels(program: Command, io: Io): void {
  program
    .command('models')
    .description('list the networks')
    .option('--json', 'print JSON')
    .action(({ json }: { readonly json?: boolean }) => {
      io.stdout.write(json ? toJson(listModels()) : table())
    })
}

function table(): string {
  const columns = [
    { title: 'NAME' },
    { title: 'INPUT' },
    { title: 'CLASSES', align: 'right' },
    { title: 'PARAMETERS', align: 'right' },
    { title: 'MACS', align: 'right' },
    { title: 'WEIGHTS' },
    { title: 'PAPER' },
  ] as const
  const rows = listModels().map(({ name, inputShape, numClasses, parameters, macs, paper }) => [
    name,
    inputShape.join(' x '),
    String(numClasses),
    grouped(parameters),
    grouped(macs),
    shippedWeights(name) === undefined ? '-' : 'shipped',
    `${paper.authors.split(',')[0]} ${paper.year}`,
  ])
  return formatTable(columns, rows)
}
