import { conv2d, model, Tensor } from '../../dist/index.js'
import { layerCommands } from './layer-commands.mjs'

let session

export const commands = layerCommands(async (layer, data, weights) => {
  const { height, width, inChannels, outChannels, kernel, stride, padding, groups } = layer
  session?.dispose()
  const conv = conv2d(outChannels, { kernel, stride, padding, groups, bias: false })
  const net = model({ input: [height, width, inChannels] }, conv)
  const [{ path }] = net.parameters()
  await net.loadWeights({ [path]: new Tensor(weights, [outChannels, inChannels / groups, kernel, kernel]) })
  session = await net.compile({ threads: 1 })
  const inputs = { input: new Tensor(data, [1, height, width, inChannels]) }
  return () => session.runSync(inputs).output.data
})
