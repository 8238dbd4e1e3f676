import { createRequire } from 'node:module'
import { layerCommands } from './layer-commands.mjs'

const convnetjs = createRequire(import.meta.url)('convnetjs')

export const commands = layerCommands((layer, data, weights) => {
  const { height, width, inChannels, outChannels, kernel, stride, padding, groups } = layer
  if (groups > 1) return undefined
  const conv = new convnetjs.ConvLayer({
    sx: kernel,
    filters: outChannels,
    in_depth: inChannels,
    in_sx: width,
    in_sy: height,
    stride,
    pad: padding,
    bias_pref: 0,
  })
  const taps = kernel * kernel
  conv.filters.forEach((filter, o) => {
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < inChannels; i++) {
        filter.w[tap * inChannels + i] = weights[(o * inChannels + i) * taps + tap]
      }
    }
  })
  const input = new convnetjs.Vol(width, height, inChannels, 0)
  input.w.set(data)
  return () => conv.forward(input, false).w
})
