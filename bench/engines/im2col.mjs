// im2col, as a user has it: createModel, loadWeights, compile, run.
import { networkCommands } from './network-commands.mjs'

export const commands = networkCommands('nhwc', async ({ name, files, shape, threads, memory, input }) => {
  const start = performance.now()
  const { createModel, Tensor } = await import('../../dist/index.js')
  const importMs = performance.now() - start
  const net = await createModel(name).loadWeights(files.weights)
  const session = await net.compile({ threads, memory })
  const [n, c, h, w] = shape
  const inputs = { input: new Tensor(input, [n, h, w, c]) }
  return {
    importMs,
    facts: { macs: net.macs },
    run: () => session.run(inputs),
    runSync: () => session.runSync(inputs),
    output: async () => (await session.run(inputs)).output.data,
  }
})
