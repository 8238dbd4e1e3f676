/** Both versions of ConvNeXt under timm's names: Liu et al., arXiv:2201.03545; Woo et al., arXiv:2301.00808. */

import {
  type AnySym,
  add,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  gelu,
  globalAvgPool,
  globalResponseNorm,
  identity,
  layerNorm,
  layerScale,
  module,
  pointwiseDense,
  sequential,
} from '../layers/index.js'
import type { Classifier, ClassifierOptions } from './architecture.js'

export interface Configuration {
  /** Channels of the first stage; each next one has twice as many. */
  readonly width: number
  readonly depths: readonly [number, number, number, number]
  /** Whether the published weights mix channels by 1 x 1 convolutions, (C, C', 1, 1), or by dense layers, (C, C'). */
  readonly mixing: 'conv' | 'dense'
  /** Whether blocks weigh channels by their responses, as in version 2, or by constants, as in version 1. */
  readonly responds: boolean
}

/** Filters every channel alone, mixes the normalised channels of every pixel through four times as many, and adds that. */
const block = (width: number, { mixing, responds }: Configuration) => {
  const mix = (channels: number) => (mixing === 'conv' ? conv2d(channels, { kernel: 1 }) : pointwiseDense(channels))
  const grn = responds ? globalResponseNorm() : identity
  const mlp = { fc1: mix(4 * width), act: gelu(), grn, fc2: mix(width) }
  const m = {
    conv_dw: depthwiseConv2d({ kernel: 7, padding: 3 }),
    norm: layerNorm(),
    mlp: module(mlp, (x: AnySym) => mlp.fc2(mlp.grn(mlp.act(mlp.fc1(x) as AnySym)) as AnySym) as AnySym),
    gamma: responds ? identity : layerScale({ flat: true }),
  }
  return module(m, (x: AnySym) => add(m.gamma(m.mlp(m.norm(m.conv_dw(x)))), x))
}

const stage = (index: number, configuration: Configuration) => {
  const { width: firstWidth, depths } = configuration
  const width = firstWidth * 2 ** index
  const m = {
    downsample: index === 0 ? identity : sequential(layerNorm(), conv2d(width, { kernel: 2, stride: 2 })),
    blocks: sequential(...Array.from({ length: depths[index] as number }, () => block(width, configuration))),
  }
  return module(m, (x: AnySym) => m.blocks(m.downsample(x) as AnySym))
}

export const convnext =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      stem: sequential(conv2d(configuration.width, { kernel: 4, stride: 4 }), layerNorm()),
      stages: sequential(...configuration.depths.map((_, i) => stage(i, configuration))),
      head: { global_pool: globalAvgPool(), norm: layerNorm(), fc: dense(numClasses) },
    }
    return module(m, (x: AnySym) => m.head.fc(flatten(m.head.norm(m.head.global_pool(m.stages(m.stem(x)))))))
  }
