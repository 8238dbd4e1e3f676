import {
  type AnySym,
  batchNorm,
  conv2d,
  flatten,
  globalAvgPool,
  leakyRelu,
  maxPool2d,
  module,
  type Sym,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'darknet',
  task: 'image-classification',
  paper: {
    title: 'YOLO9000: Better, Faster, Stronger',
    authors: 'Redmon, Farhadi',
    year: 2016,
    url: 'https://arxiv.org/abs/1612.08242',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

/** Widths of the paper's table 6, with a pool between the stages; every second kernel of a stage is 1 x 1, the others 3 x 3. */
const stages = [
  [32],
  [64],
  [128, 64, 128],
  [256, 128, 256],
  [512, 256, 512, 256, 512],
  [1024, 512, 1024, 512, 1024],
] as const

const activation = leakyRelu({ negativeSlope: 0.1 })
const halve = maxPool2d({ kernel: 2, stride: 2 })

/** A section of the authors' configuration; its children are named by its index among all sections, pools included. */
const section = (index: number, width: number, kernel: number) => {
  const conv = conv2d(width, { kernel, padding: (kernel - 1) / 2, bias: false })
  const norm = batchNorm()
  const m = { [`conv_${index}`]: conv, [`batch_norm_${index}`]: norm }
  return module(m, (x: AnySym) => activation(norm(conv(x))))
}

/**
 * Darknet-19: `[224, 224, 3]` -> `[1000]`. Redmon and Farhadi, arXiv:1612.08242.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('darknet19', { numClasses: 10 })
 * ```
 */
export const darknet19 = variant(
  'darknet19',
  { parameters: 20_842_376, macs: 2_790_989_824 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const sections: ((x: AnySym) => AnySym)[] = []
    for (const widths of stages) {
      if (sections.length > 0) sections.push(halve)
      widths.forEach((width, i) => {
        sections.push(section(sections.length, width, i % 2 === 0 ? 3 : 1))
      })
    }
    const classifier = conv2d(numClasses as number, { kernel: 1 })
    const m = { module_list: [...sections, { [`conv_${sections.length}`]: classifier }], pool: globalAvgPool() }
    return module(m, (x: AnySym) => {
      const features = sections.reduce((value, layer) => layer(value), x)
      return flatten(m.pool(classifier(features))) as Sym<[N]>
    })
  },
)
