import { existsSync } from 'node:fs'
import { Tensor } from '../../lib/tensor.js'
import { createModel, listModels } from '../../lib/zoo/registry.js'
import { fill, floatState, inputOf, readGolden, readGoldenOutput, relativeRms, toleranceOf } from './golden.js'
import { sharedPath } from './shared.js'

/** Registered networks that have a stored output, with fewer than `below` parameters, or with at least `from`. */
export const goldenNames = ({ from = 0, below = Number.POSITIVE_INFINITY } = {}): readonly string[] =>
  listModels()
    .filter(({ parameters }) => parameters >= from && parameters < below)
    .map(({ name }) => name)
    .filter((name) => existsSync(sharedPath(`golden/nets/tv-${name}.json`)))

/** Networks with at least this many parameters are left to the deep tests. */
export const largeNetwork = 100_000_000

/** Runs a zoo network under the recipe's weights; says how far its output is from the stored one and how far it may be. */
export async function runGolden(name: string): Promise<{ readonly error: number; readonly tolerance: number }> {
  const golden = readGolden(`tv-${name}`)
  const [, , height, width] = golden.input as readonly [number, number, number, number]
  const net = createModel(name, { inputSize: [height, width] })
  await net.loadWeights(
    new Map(floatState(golden).map(([path, shape]) => [path, new Tensor(fill(path, shape, golden.gain), shape)])),
  )
  const session = await net.compile({ threads: 2, layout: 'nchw' })
  try {
    const { output } = await session.run({ input: new Tensor(inputOf(golden.input), golden.input) })
    return { error: relativeRms(output.data, readGoldenOutput(golden.name)), tolerance: toleranceOf(golden) }
  } finally {
    session.dispose()
  }
}
