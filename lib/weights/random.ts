import type { Parameter } from '../graph/graph.js'
import { elementCount } from '../shape.js'
import { Tensor } from '../tensor.js'

/** FNV-1a, so that every parameter has numbers of its own. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** Tommy Ettinger's mulberry32: uniform in [0, 1). */
const uniform = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Box and Muller's pairs of standard normal numbers. */
const fillNormal = (data: Float32Array, deviation: number, next: () => number): void => {
  for (let i = 0; i < data.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    data[i] = radius * Math.cos(angle)
    if (i + 1 < data.length) data[i + 1] = radius * Math.sin(angle)
  }
}

const initial = (parameter: Parameter, seed: number): Tensor => {
  const { path, shape } = parameter
  const tensor = Tensor.zeros(shape)
  if (shape.length >= 2) {
    const fanIn = elementCount(shape) / (shape[0] as number)
    fillNormal(tensor.data, Math.sqrt(2 / fanIn), uniform(hash(path) ^ seed))
  } else if (path.endsWith('running_var') || path === 'weight' || path.endsWith('.weight')) {
    tensor.data.fill(1)
  }
  return tensor
}

/**
 * Weights of an untrained network: normal numbers of variance 2 / fan-in for convolutions and dense layers, ones and zeros for
 * norms and biases. The same seed gives the same weights. He et al., arXiv:1502.01852.
 */
export const randomWeights = (parameters: readonly Parameter[], seed: number): ReadonlyMap<string, Tensor> =>
  new Map(parameters.map((parameter) => [parameter.path, initial(parameter, seed)]))
