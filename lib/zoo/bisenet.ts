import {
  type AnySym,
  add,
  batchNorm,
  broadcastAdd,
  concat,
  conv2d,
  globalAvgPool,
  type Layer,
  module,
  multiply,
  relu,
  resize,
  sigmoid,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'
import { basicBlock, residualBody } from './residual.js'

const variant = defineFamily({
  family: 'bisenet',
  task: 'semantic-segmentation',
  paper: {
    title: 'BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation',
    authors: 'Yu, Wang, Peng, Gao, Yu, Sang',
    year: 2018,
    url: 'https://arxiv.org/abs/1808.00897',
  },
  inputs: { input: [1024, 2048, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  numClasses: 19,
  preprocessing: { crop: 1 },
})

const conv = (width: number, kernel: number, stride = 1): Layer =>
  convNorm(width, { kernel, stride, activation: relu }) as Layer

/** A factor from 0 to 1 for each channel, from the means of all. */
const gate = (width: number) => {
  const [layer, norm, mean] = [
    conv2d(width, { kernel: 1, bias: false }) as Layer,
    batchNorm() as Layer,
    globalAvgPool(),
  ]
  return { layer, norm, apply: (x: AnySym) => sigmoid(norm(layer(mean(x) as AnySym))) }
}

const attentionRefinement = (width: number): Layer => {
  const [first, weigh] = [conv(width, 3), gate(width)]
  return module({ conv: first, conv_atten: weigh.layer, bn_atten: weigh.norm }, (x: AnySym) => {
    const features = first(x)
    return multiply(features, weigh.apply(features)) as AnySym
  })
}

const doubled = resize({ scaleFactor: 2 }) as Layer

/** What the picture shows, from maps that see much of it, at 1/8 of its size. */
const contextPath = (): Layer => {
  const { children: resnet } = residualBody(basicBlock, [2, 2, 2, 2])
  const mean = globalAvgPool() as Layer
  const m = {
    resnet,
    arm16: attentionRefinement(128),
    arm32: attentionRefinement(128),
    conv_head32: conv(128, 3),
    conv_head16: conv(128, 3),
    conv_avg: conv(128, 1),
  }
  return module(m, (x: AnySym) => {
    const quarter = resnet.layer1(resnet.maxpool(relu(resnet.bn1(resnet.conv1(x))) as AnySym))
    const sixteenth = resnet.layer3(resnet.layer2(quarter))
    const last = resnet.layer4(sixteenth)
    const coarse = broadcastAdd(m.arm32(last), m.conv_avg(mean(last))) as AnySym
    const middle = add(m.arm16(sixteenth), m.conv_head32(doubled(coarse))) as AnySym
    return m.conv_head16(doubled(middle))
  })
}

/** Where things are, from few convolutions, at 1/8 of the size. */
const spatialPath = (): Layer => {
  const m = { conv1: conv(64, 7, 2), conv2: conv(64, 3, 2), conv3: conv(64, 3, 2), conv_out: conv(128, 1) }
  return module(m, (x: AnySym) => m.conv_out(m.conv3(m.conv2(m.conv1(x)))))
}

const featureFusion = (width: number) => {
  const [convblk, weigh] = [conv(width, 1), gate(width)]
  return module({ convblk, conv: weigh.layer, bn: weigh.norm }, (a: AnySym, b: AnySym) => {
    const features = convblk(concat(a, b) as AnySym)
    return add(multiply(features, weigh.apply(features)), features) as AnySym
  })
}

/**
 * BiSeNet on ResNet-18: `[1024, 2048, 3]` -> `[1024, 2048, 19]`. Yu et al., arXiv:1808.00897.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('bisenet_v1', { inputSize: [512, 1024] })
 * ```
 */
export const bisenetV1 = variant(
  'bisenet_v1',
  { parameters: 13_275_539, macs: 118_338_256_896 },
  ({ numClasses = 19 }: ClassifierOptions = {}) => {
    const conv_out = { conv: conv(256, 3), conv_out: conv2d(numClasses, { kernel: 1 }) as Layer }
    const m = { cp: contextPath(), sp: spatialPath(), ffm: featureFusion(256), conv_out }
    const enlarge = resize({ scaleFactor: 8, mode: 'bilinear' }) as Layer
    return module(m, (x: AnySym) => enlarge(conv_out.conv_out(conv_out.conv(m.ffm(m.sp(x), m.cp(x))))))
  },
)
