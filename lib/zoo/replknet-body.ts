/** RepLKNet: Ding et al., Scaling Up Your Kernels to 31x31, arXiv:2203.06717, in the form that is trained. */

import {
  type AnySym,
  add,
  batchNorm,
  dense,
  flatten,
  gelu,
  globalAvgPool,
  identity,
  type Layer,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import type { Classifier, ClassifierOptions } from './architecture.js'
import { convNorm } from './blocks.js'

type PerStage = readonly [number, number, number, number]

export interface LargeKernels {
  readonly kernels: PerStage
  /** Pairs of a large kernel and a feed-forward block. */
  readonly depths: PerStage
  readonly widths: PerStage
  /** Of the convolution beside the large one; none by default. */
  readonly smallKernel?: number
  /** Channels of the large kernels, in parts of the stage's; 1 by default. */
  readonly widening?: number
}

const pointwise = (width: number, activation: Layer) => convNorm(width, { kernel: 1, activation }) as Layer

const depthwise = (width: number, kernel: number, { stride = 1, activation = relu as Layer } = {}) =>
  convNorm(width, { kernel, stride, groups: width, activation }) as Layer

/** Around a large depthwise kernel, and a small one beside it whose sum is computed as one. */
const largeKernelBlock = (width: number, kernel: number, { smallKernel, widening = 1 }: LargeKernels) => {
  const inner = Math.floor(width * widening)
  const plain = { activation: identity }
  const large_kernel = {
    lkb_origin: depthwise(inner, kernel, plain),
    ...(smallKernel ? { small_conv: depthwise(inner, smallKernel, plain) } : {}),
  }
  const m = { prelkb_bn: batchNorm(), pw1: pointwise(inner, relu), large_kernel, pw2: pointwise(width, identity) }
  return module(m, (x: AnySym) => {
    const narrow = m.pw1(m.prelkb_bn(x))
    const sums = Object.values(large_kernel).map((conv) => conv(narrow))
    return add(m.pw2(relu(sums.reduce((total, sum) => add(total, sum) as AnySym))), x) as AnySym
  })
}

const feedForwardBlock = (width: number) => {
  const m = { preffn_bn: batchNorm(), pw1: pointwise(4 * width, gelu()), pw2: pointwise(width, identity) }
  return module(m, (x: AnySym) => add(m.pw2(m.pw1(m.preffn_bn(x))), x) as AnySym)
}

export const replknet =
  (configuration: LargeKernels) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { kernels, depths, widths } = configuration
    const [first] = widths
    const stem = [
      convNorm(first, { kernel: 3, stride: 2, activation: relu }) as Layer,
      depthwise(first, 3),
      pointwise(first, relu),
      depthwise(first, 3, { stride: 2 }),
    ]
    const stages = widths.map((width, i) => {
      const pair = () => [largeKernelBlock(width, kernels[i] as number, configuration), feedForwardBlock(width)]
      return { blocks: sequential(...Array.from({ length: depths[i] as number }, pair).flat()) as Layer }
    })
    const transitions = widths
      .slice(1)
      .map((width) => sequential(pointwise(width, relu), depthwise(width, 3, { stride: 2 })))
    const m = { stem: sequential(...stem), stages, transitions, norm: batchNorm(), head: dense(numClasses) }
    const mean = globalAvgPool()
    return module(m, (x: AnySym) => {
      const features = stages.reduce<AnySym>(
        (value, { blocks }, i) => blocks(i > 0 ? ((transitions[i - 1] as Layer)(value) as AnySym) : value),
        m.stem(x) as AnySym,
      )
      return m.head(flatten(mean(m.norm(features))))
    })
  }
