/** The weights of a convolution that is a sum of several of the same input. */

import { type FoldedAffine, normKey, scaleAndShift } from './folded-norm.js'
import type { ConvBranch, Parameter, WindowAttributes } from './graph.js'

/** For every axis, the tap of the large kernel that each tap of a small one meets; undefined where one meets none. */
export function placeTaps(
  small: WindowAttributes,
  large: WindowAttributes,
): readonly (readonly number[])[] | undefined {
  const places = large.kernel.map((size, axis) => {
    const at = ({ dilation, padStart }: WindowAttributes, tap: number) =>
      tap * (dilation[axis] as number) - (padStart[axis] as number)
    const taps = Array.from({ length: size }, (_, tap) => at(large, tap))
    return Array.from({ length: small.kernel[axis] as number }, (_, tap) => taps.indexOf(at(small, tap)))
  })
  return places.some((axis) => axis.includes(-1)) ? undefined : places
}

export const branchKey = ({ window, weight, bias, norm }: ConvBranch): string =>
  [window.kernel, window.padStart, weight?.path ?? 'identity', bias?.path, norm && normKey(norm)].join(' ')

export interface MergedKernel {
  readonly weight: Float32Array
  readonly bias: Float32Array
}

type ReadParameter = (parameter: Parameter) => Float32Array

/** Summed in float64 and rounded once. `largest` is the weight of the branch whose kernel covers the others'. */
export function mergedKernel(branches: readonly ConvBranch[], largest: Parameter, data: ReadParameter): MergedKernel {
  const [outChannels = 1, inChannels = 1, ...kernel] = largest.shape
  const window = branches.find(({ weight }) => weight?.path === largest.path)?.window as WindowAttributes
  const taps = kernel.reduce((product, size) => product * size, 1)
  const weight = new Float64Array(outChannels * inChannels * taps)
  const bias = new Float64Array(outChannels)
  for (const branch of branches) {
    const places = flatPlaces(branch.window, window)
    const affine = branch.norm && scaleAndShift(branch.norm, data)
    addWeight(weight, branch, { outChannels, inChannels, taps, places }, affine, data)
    const own = branch.bias && data(branch.bias)
    for (let o = 0; o < outChannels; o++) {
      bias[o] = (bias[o] as number) + (own?.[o] ?? 0) * (affine?.scale[o] ?? 1) + (affine?.shift[o] ?? 0)
    }
  }
  return { weight: Float32Array.from(weight), bias: Float32Array.from(bias) }
}

interface Layout {
  readonly outChannels: number
  readonly inChannels: number
  /** Of the sum's kernel, and where the branch's are among them. */
  readonly taps: number
  readonly places: readonly number[]
}

function addWeight(
  sum: Float64Array,
  branch: ConvBranch,
  { outChannels, inChannels, taps, places }: Layout,
  affine: FoldedAffine | undefined,
  data: ReadParameter,
): void {
  const values = branch.weight && data(branch.weight)
  for (let o = 0; o < outChannels; o++) {
    const scale = affine?.scale[o] ?? 1
    for (let i = 0; i < inChannels; i++) {
      if (!values && i !== o % inChannels) continue
      const row = o * inChannels + i
      for (let tap = 0; tap < places.length; tap++) {
        const at = row * taps + (places[tap] as number)
        sum[at] = (sum[at] as number) + (values ? (values[row * places.length + tap] as number) : 1) * scale
      }
    }
  }
}

/** Where the taps of a kernel, in order, are in a larger one that covers them. */
function flatPlaces(small: WindowAttributes, large: WindowAttributes): readonly number[] {
  const axes = placeTaps(small, large) ?? []
  return axes.reduce<readonly number[]>(
    (before, places, axis) =>
      before.flatMap((outer) => places.map((place) => outer * (large.kernel[axis] as number) + place)),
    [0],
  )
}
