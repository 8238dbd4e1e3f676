import { createRequire } from 'node:module'
import { layerCommands, toHwio } from './layer-commands.mjs'

const require = createRequire(import.meta.url)

/** Convolutions by TensorFlow.js on `backend`, `cpu` or `wasm`. */
export async function tfjsLayers(backend) {
  const tf = require('@tensorflow/tfjs')
  if (backend === 'wasm') require('@tensorflow/tfjs-backend-wasm').setThreadsCount(1)
  await tf.setBackend(backend)
  await tf.ready()
  if (tf.getBackend() !== backend) throw new Error(`TensorFlow.js has no backend '${backend}' here`)

  let tensors = []
  return layerCommands((layer, data, weights) => {
    const { height, width, inChannels, outChannels, kernel, stride, padding, groups } = layer
    const depthwise = groups === inChannels && groups === outChannels
    if (groups > 1 && !depthwise) return undefined
    tf.dispose(tensors)
    const x = tf.tensor4d(data, [1, height, width, inChannels])
    const hwio = toHwio(weights, outChannels, inChannels / groups, kernel)
    const filter = tf.tensor4d(hwio, [kernel, kernel, ...(depthwise ? [outChannels, 1] : [inChannels, outChannels])])
    tensors = [x, filter]
    const convolve = depthwise ? tf.depthwiseConv2d : tf.conv2d
    return () => {
      const y = convolve(x, filter, stride, padding, 'NHWC', 1, 'floor')
      const output = y.dataSync()
      y.dispose()
      return output
    }
  })
}
