/** The convolutions and pools of the Inception networks from the third on. */

import { type AnySym, avgPool2d, concat, maxPool2d, module, relu } from '../layers/index.js'
import type { FamilyFacts } from './architecture.js'
import { convNorm } from './blocks.js'

/** Of Inception v4 and Inception-ResNet v2, which one paper describes. */
export const inceptionV4Facts = {
  task: 'image-classification',
  paper: {
    title: 'Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning',
    authors: 'Szegedy, Ioffe, Vanhoucke, Alemi',
    year: 2016,
    url: 'https://arxiv.org/abs/1602.07261',
  },
  inputs: { input: [299, 299, 3] },
  minInputSize: 75,
  numClasses: 1000,
  preprocessing: 'inception',
} as const satisfies Partial<FamilyFacts>

export type Layer = (x: AnySym) => AnySym

interface ConvOptions {
  readonly kernel: number | readonly [height: number, width: number]
  readonly stride?: number
  /** 0 by default. */
  readonly padding?: number | readonly [height: number, width: number]
}

export const convNormRelu = (width: number, { kernel, stride = 1, padding = 0 }: ConvOptions) =>
  convNorm(width, { kernel, stride, padding, eps: 0.001, activation: relu })

export const conv1x1 = (width: number) => convNormRelu(width, { kernel: 1 })
export const conv3x3 = (width: number) => convNormRelu(width, { kernel: 3, padding: 1 })
export const conv5x5 = (width: number) => convNormRelu(width, { kernel: 5, padding: 2 })
/** Covers one row or column; two of them see what a square kernel sees. */
export const row = (width: number, length: number) =>
  convNormRelu(width, { kernel: [1, length], padding: [0, (length - 1) / 2] })
export const column = (width: number, length: number) =>
  convNormRelu(width, { kernel: [length, 1], padding: [(length - 1) / 2, 0] })
export const halving3x3 = (width: number) => convNormRelu(width, { kernel: 3, stride: 2 })

/** A mean of 3 x 3 that keeps the size. */
export const smoothWith = ({ countIncludePad }: { readonly countIncludePad: boolean }) =>
  avgPool2d({ kernel: 3, stride: 1, padding: 1, countIncludePad })
export const halve = maxPool2d({ kernel: 3, stride: 2 })

/** What branches make of one value, one behind the other. */
export const sideBySide =
  (branches: Readonly<Record<string, Layer>>): Layer =>
  (x) =>
    concat(...Object.values(branches).map((branch) => branch(x)))

/** Branches as a module. */
export const concatOf = (branches: Readonly<Record<string, Layer>>) => module(branches, sideBySide(branches))

export const repeat = (count: number, block: () => Layer): readonly Layer[] => Array.from({ length: count }, block)
