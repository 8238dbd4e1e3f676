import {
  type AnySym,
  adaptiveAvgPool2d,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'vgg',
  task: 'image-classification',
  paper: {
    title: 'Very Deep Convolutional Networks for Large-Scale Image Recognition',
    authors: 'Simonyan, Zisserman',
    year: 2014,
    url: 'https://arxiv.org/abs/1409.1556',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const widths = [64, 128, 256, 512, 512] as const

/** Convolutions per stage; every stage ends in pooling. The letters are the paper's. */
const depths = { A: [1, 1, 2, 2, 2], B: [2, 2, 2, 2, 2], D: [2, 2, 3, 3, 3], E: [2, 2, 4, 4, 4] } as const

const convRelu = (width: number) => [conv2d(width, { kernel: 3, padding: 1 }), relu]
const convNormRelu = (width: number) => [conv2d(width, { kernel: 3, padding: 1 }), batchNorm(), relu]

const vgg =
  (configuration: keyof typeof depths, block: typeof convRelu) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const stages = widths.flatMap((width, stage) => [
      ...Array.from({ length: depths[configuration][stage] as number }, () => block(width)).flat(),
      maxPool2d({ kernel: 2 }),
    ])
    const m = {
      features: sequential(...stages),
      avgpool: adaptiveAvgPool2d(7),
      classifier: sequential(dense(4096), relu, dropout(), dense(4096), relu, dropout(), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  }

/**
 * VGG-11, configuration A: `[224, 224, 3]` -> `[1000]`. Simonyan and Zisserman, arXiv:1409.1556.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('vgg11', { numClasses: 10 })
 * ```
 */
export const vgg11 = variant('vgg11', { parameters: 132_863_336, macs: 7_609_090_048 }, vgg('A', convRelu))

/** VGG-13, configuration B: `[224, 224, 3]` -> `[1000]`. */
export const vgg13 = variant('vgg13', { parameters: 133_047_848, macs: 11_308_466_176 }, vgg('B', convRelu))

/** VGG-16, configuration D: `[224, 224, 3]` -> `[1000]`. */
export const vgg16 = variant('vgg16', { parameters: 138_357_544, macs: 15_470_264_320 }, vgg('D', convRelu))

/** VGG-19, configuration E: `[224, 224, 3]` -> `[1000]`. */
export const vgg19 = variant('vgg19', { parameters: 143_667_240, macs: 19_632_062_464 }, vgg('E', convRelu))

/** VGG-11 with a batch norm behind every convolution: `[224, 224, 3]` -> `[1000]`. */
export const vgg11Bn = variant('vgg11_bn', { parameters: 132_868_840, macs: 7_609_090_048 }, vgg('A', convNormRelu))

/** VGG-13 with a batch norm behind every convolution: `[224, 224, 3]` -> `[1000]`. */
export const vgg13Bn = variant('vgg13_bn', { parameters: 133_053_736, macs: 11_308_466_176 }, vgg('B', convNormRelu))

/** VGG-16 with a batch norm behind every convolution: `[224, 224, 3]` -> `[1000]`. */
export const vgg16Bn = variant('vgg16_bn', { parameters: 138_365_992, macs: 15_470_264_320 }, vgg('D', convNormRelu))

/** VGG-19 with a batch norm behind every convolution: `[224, 224, 3]` -> `[1000]`. */
export const vgg19Bn = variant('vgg19_bn', { parameters: 143_678_248, macs: 19_632_062_464 }, vgg('E', convNormRelu))
