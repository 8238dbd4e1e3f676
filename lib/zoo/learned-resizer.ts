import { type AnySym, add, batchNorm, conv2d, leakyRelu, module, resize, sequential } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'learned_resizer',
  task: 'image-resizing',
  paper: {
    title: 'Learning to Resize Images for Computer Vision Tasks',
    authors: 'Talebi, Milanfar',
    year: 2021,
    url: 'https://arxiv.org/abs/2103.09950',
  },
  inputs: { input: [336, 336, 3] },
  minInputSize: 2,
  fixedChannels: true,
  preprocessing: 'unit',
})

type Layer = (x: AnySym) => AnySym

const width = 16
const activation = leakyRelu({ negativeSlope: 0.2 })

const conv3x3 = (bias: boolean) => conv2d(width, { kernel: 3, padding: 1, bias })
const conv7x7 = (outChannels: number) => conv2d(outChannels, { kernel: 7, padding: 3 })

const extraction = () => sequential(conv7x7(width), activation, conv2d(width, { kernel: 1 }), activation, batchNorm())

/** A block whose layers are called `name`. */
const residual = (name: string, bias: boolean) => {
  const layers = sequential(conv3x3(bias), batchNorm(), activation, conv3x3(bias), batchNorm())
  return module({ [name]: layers }, (x: AnySym) => add(x, layers(x)))
}

interface Steps {
  readonly extract: Layer
  readonly refine: Layer
  readonly finish: Layer
}

/** Resizes the features, refines them, and adds what they say to the resized picture. */
const learnedResize =
  (resizing: Layer, { extract, refine, finish }: Steps): Layer =>
  (x) => {
    const features = resizing(extract(x))
    return add(finish(add(refine(features), features)), resizing(x))
  }

/**
 * The resizer of two blocks, by 2/3: `[336, 336, 3]` -> `[224, 224, 3]`. Talebi and Milanfar, arXiv:2103.09950.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('learned_resizer', { inputSize: 480 })
 * net.outputs.output // [320, 320, 3]
 * ```
 */
export const learnedResizer = variant('learned_resizer', { parameters: 16_707, macs: 990_474_240 }, () => {
  const m = {
    module1: extraction(),
    resblocks: sequential(residual('block', false), residual('block', false)),
    module3: sequential(conv3x3(false), batchNorm()),
    module4: conv7x7(3),
  }
  const steps = { extract: m.module1, refine: (x: AnySym) => m.module3(m.resblocks(x)), finish: m.module4 }
  return module(m, learnedResize(resize({ scaleFactor: 2 / 3, mode: 'bilinear' }), steps))
})

/** The resizer of one block, to 64 x 48 with aligned corners: `[96, 96, 3]` -> `[64, 48, 3]`. */
export const learnedResizerB = variant(
  'learned_resizer_b',
  { inputs: { input: [96, 96, 3] }, minInputSize: 1, parameters: 12_083, macs: 52_494_336 },
  () => {
    const residualLayers = { res0: residual('layers', true), conv3x3: conv3x3(true), bn: batchNorm() }
    const m = { conv_layers: extraction(), residual_layers: residualLayers, final_conv: conv7x7(3) }
    const refine = (x: AnySym) => residualLayers.bn(residualLayers.conv3x3(residualLayers.res0(x)))
    const resizing = resize({ size: [64, 48], mode: 'bilinear', alignCorners: true })
    return module(m, learnedResize(resizing, { extract: m.conv_layers, refine, finish: m.final_conv }))
  },
)
