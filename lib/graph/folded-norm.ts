/** A batch norm as a number to multiply each channel with and one to add. */

import type { FoldedNorm, Node, Parameter } from './graph.js'

export interface FoldedAffine {
  readonly scale: Float64Array
  readonly shift: Float64Array
}

/** A batch norm without its epilogue; undefined when it has no statistics. */
export function foldedNormOf(node: Node<'batchNorm'>): FoldedNorm | undefined {
  const { runningMean, runningVar, weight, bias } = node.parameters
  if (!runningMean || !runningVar) return undefined
  return {
    eps: node.attributes.eps,
    parameters: { runningMean, runningVar, ...(weight && { weight }), ...(bias && { bias }) },
  }
}

/** What tells apart the weights that norms are folded into. */
export function normKey({ eps, parameters }: FoldedNorm): string {
  const { weight, bias, runningMean, runningVar } = parameters
  return ['norm', eps, weight?.path, bias?.path, runningMean.path, runningVar.path].join(' ')
}

/** y = x * scale + shift, computed in float64. */
export function scaleAndShift(
  { eps, parameters }: FoldedNorm,
  data: (parameter: Parameter) => Float32Array,
): FoldedAffine {
  const mean = data(parameters.runningMean)
  const variance = data(parameters.runningVar)
  const weight = parameters.weight && data(parameters.weight)
  const bias = parameters.bias && data(parameters.bias)
  const scale = new Float64Array(variance.length)
  const shift = new Float64Array(variance.length)
  for (let i = 0; i < variance.length; i++) {
    const factor = (weight?.[i] ?? 1) / Math.sqrt((variance[i] as number) + eps)
    scale[i] = factor
    shift[i] = (bias?.[i] ?? 0) - (mean[i] as number) * factor
  }
  return { scale, shift }
}
