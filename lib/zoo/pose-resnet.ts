import { type AnySym, batchNorm, conv2d, convTranspose2d, module, relu, sequential } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { bottleneck, type Depths, residualBody } from './residual.js'

const variant = defineFamily({
  family: 'pose_resnet',
  task: 'pose-estimation',
  paper: {
    title: 'Simple Baselines for Human Pose Estimation and Tracking',
    authors: 'Xiao, Wu, Wei',
    year: 2018,
    url: 'https://arxiv.org/abs/1804.06208',
  },
  inputs: { input: [256, 192, 3] },
  minInputSize: 1,
  numClasses: 17,
  preprocessing: { crop: 1, fit: 'fill' },
})

const doubled = () => [convTranspose2d(256, { kernel: 4, stride: 2, padding: 1, bias: false }), batchNorm(), relu]

const poseResnet =
  (depths: Depths) =>
  <const N extends number = 17>({ numClasses = 17 as N }: ClassifierOptions<N> = {}) => {
    const body = residualBody(bottleneck, depths)
    const m = {
      ...body.children,
      deconv_layers: sequential(...doubled(), ...doubled(), ...doubled()),
      final_layer: conv2d(numClasses, { kernel: 1 }),
    }
    return module(m, (x: AnySym) => m.final_layer(m.deconv_layers(body.apply(x))))
  }

/**
 * The simple baseline on ResNet-50: one person `[256, 192, 3]` -> maps of 17 joints `[64, 48, 17]`. Xiao et al., arXiv:1804.06208.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('pose_resnet50', { inputSize: [384, 288] })
 * net.outputs.output // [96, 72, 17]
 * ```
 */
export const poseResnet50 = variant(
  'pose_resnet50',
  { parameters: 33_999_697, macs: 5_426_380_800 },
  poseResnet([3, 4, 6, 3]),
)

/** The simple baseline on ResNet-101: `[256, 192, 3]` -> `[64, 48, 17]`. */
export const poseResnet101 = variant(
  'pose_resnet101',
  { parameters: 52_991_825, macs: 9_062_842_368 },
  poseResnet([3, 4, 23, 3]),
)

/** The simple baseline on ResNet-152: `[256, 192, 3]` -> `[64, 48, 17]`. */
export const poseResnet152 = variant(
  'pose_resnet152',
  { parameters: 68_635_473, macs: 12_699_303_936 },
  poseResnet([3, 8, 36, 3]),
)
