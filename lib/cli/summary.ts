import type { Command } from 'commander'
import { createModel } from '../zoo/registry.js'
import { type Io, toJson } from './io.js'
import { positiveInteger } from './options.js'

interface Options {
  readonly classes?: number
  readonly size?: number
  readonly json?: boolean
}

export function addSummary(program: Command, io: Io): void {
  program
    .command('summary')
    .description('list the layers of a network with shapes, parameters, work and receptive fields')
    .argument('<name>', 'network, see `im2col models`')
    .option('--classes <n>', 'length of the output', positiveInteger)
    .option('--size <n>', 'side of a square input', positiveInteger)
    .option('--json', 'print JSON')
    .action((name: string, options: Options) => {
      const model = createModel(name, { numClasses: options.classes, inputSize: options.size })
      const summary = model.summary({ print: false })
      io.stdout.write(options.json ? toJson(summary) : `${summary}\n`)
    })
}
