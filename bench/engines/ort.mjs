// onnxruntime-node, its CPU provider with every graph optimization.
import { networkCommands } from './network-commands.mjs'

export const commands = networkCommands('nchw', async ({ files, shape, threads, input }) => {
  const start = performance.now()
  const { default: ort } = await import('onnxruntime-node')
  const importMs = performance.now() - start
  const session = await ort.InferenceSession.create(files.onnx, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  })
  const inputs = { input: new ort.Tensor('float32', input, shape) }
  return {
    importMs,
    facts: {},
    run: () => session.run(inputs),
    output: async () => (await session.run(inputs)).output.data,
  }
})
