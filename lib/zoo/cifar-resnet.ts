import { type AnySym, batchNorm, dense, flatten, globalAvgPool, module, pad, relu, slice } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { basicBlockOf, conv3x3, residualStage } from './residual.js'

const variant = defineFamily({
  family: 'cifar_resnet',
  task: 'image-classification',
  paper: {
    title: 'Deep Residual Learning for Image Recognition',
    authors: 'He, Zhang, Ren, Sun',
    year: 2015,
    url: 'https://arxiv.org/abs/1512.03385',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 1,
  numClasses: 10,
  preprocessing: 'cifar10',
})

/** Every second pixel, and zeros on both sides of its channels: the paper's option A, which has no parameters. */
const subsample = (width: number, stride: number) => (x: AnySym) => {
  const [height, length] = x.shape as readonly [number, number]
  const rows = slice(x, { end: height, step: stride, axis: 0 }) as AnySym
  const pixels = slice(rows, { end: length, step: stride, axis: 1 }) as AnySym
  return pad([
    [0, 0],
    [0, 0],
    [width / 4, width / 4],
  ])(pixels) as AnySym
}

const block = basicBlockOf({ shortcut: subsample })

/** Section 4.2: three stages of `depth` blocks, 6 depth + 2 layers. */
const cifarResnet =
  (depth: number) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: conv3x3(16),
      bn1: batchNorm(),
      layer1: residualStage(block, depth, { width: 16, stride: 1, project: false }),
      layer2: residualStage(block, depth, { width: 32, stride: 2, project: true }),
      layer3: residualStage(block, depth, { width: 64, stride: 2, project: true }),
      avgpool: globalAvgPool(),
      linear: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.layer3(m.layer2(m.layer1(relu(m.bn1(m.conv1(x))))))
      return m.linear(flatten(m.avgpool(features)))
    })
  }

/**
 * ResNet-20 for CIFAR-10: `[32, 32, 3]` -> `[10]`. He et al., arXiv:1512.03385.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnet20_cifar10', { numClasses: 100 })
 * ```
 */
export const resnet20Cifar10 = variant('resnet20_cifar10', { parameters: 269_722, macs: 40_551_040 }, cifarResnet(3))

/** ResNet-32 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const resnet32Cifar10 = variant('resnet32_cifar10', { parameters: 464_154, macs: 68_862_592 }, cifarResnet(5))

/** ResNet-44 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const resnet44Cifar10 = variant('resnet44_cifar10', { parameters: 658_586, macs: 97_174_144 }, cifarResnet(7))

/** ResNet-56 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const resnet56Cifar10 = variant('resnet56_cifar10', { parameters: 853_018, macs: 125_485_696 }, cifarResnet(9))

/** ResNet-110 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const resnet110Cifar10 = variant(
  'resnet110_cifar10',
  { parameters: 1_727_962, macs: 252_887_680 },
  cifarResnet(18),
)

/** ResNet-1202 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const resnet1202Cifar10 = variant(
  'resnet1202_cifar10',
  { parameters: 19_421_274, macs: 2_829_238_912 },
  cifarResnet(200),
)
