import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  convTranspose2d,
  correlation,
  leakyRelu,
  module,
  sequential,
  slice,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'flownet',
  task: 'optical-flow',
  paper: {
    title: 'FlowNet: Learning Optical Flow with Convolutional Networks',
    authors: 'Dosovitskiy, Fischer, Ilg, Haeusser, Hazirbas, Golkov, van der Smagt, Cremers, Brox',
    year: 2015,
    url: 'https://arxiv.org/abs/1504.06852',
  },
  inputs: { first: [384, 512, 3], second: [384, 512, 3] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', fit: 'fill', mean: [0.45, 0.432, 0.411] },
})

const activation = leakyRelu({ negativeSlope: 0.1 })

type Conv = (width: number, kernel: number, stride?: number) => (x: AnySym) => AnySym

const conv: Conv = (width, kernel, stride = 1) =>
  sequential(conv2d(width, { kernel, stride, padding: (kernel - 1) / 2 }), activation)

const convNorm: Conv = (width, kernel, stride = 1) =>
  sequential(conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false }), batchNorm(), activation)

const flowOf = () => conv2d(2, { kernel: 3, padding: 1, bias: false })
const doubled = (width: number) => convTranspose2d(width, { kernel: 4, stride: 2, padding: 1, bias: false })

/** Cuts `x` to the size of `target`. */
const cropTo = (target: AnySym, x: AnySym): AnySym =>
  [0, 1].reduce((value, axis) => {
    const end = target.shape[axis] as number
    return value.shape[axis] === end ? value : (slice(value, { axis, end }) as AnySym)
  }, x)

/** From 1/64 of the size to 1/4: each level tells the flow and hands it on, with its features, to the next. */
const expanding = () => {
  const levels = [6, 5, 4, 3].map((level) => ({
    level,
    flow: flowOf(),
    flowUp: doubled(2),
    featuresUp: sequential(doubled(64 * 2 ** (level - 3)), activation),
  }))
  const finest = flowOf()
  const children = levels.map(({ level, flow, flowUp, featuresUp }) => ({
    [`predict_flow${level}`]: flow,
    [`upsampled_flow${level}_to_${level - 1}`]: flowUp,
    [`deconv${level - 1}`]: featuresUp,
  }))
  /** `skips` are what the way down had at the sizes of the levels 5 to 2. */
  const apply = (coarsest: AnySym, skips: readonly AnySym[]) => {
    let features = coarsest
    const flows = levels.map(({ flow, flowUp, featuresUp }, i): AnySym => {
      const skip = skips[i] as AnySym
      const found = flow(features)
      features = concat(skip, cropTo(skip, featuresUp(features)), cropTo(skip, flowUp(found)))
      return found
    })
    const [flow6, flow5, flow4, flow3] = flows as [AnySym, AnySym, AnySym, AnySym]
    return { flow2: finest(features), flow3, flow4, flow5, flow6 }
  }
  return { children: Object.assign({ predict_flow2: finest }, ...children), apply }
}

interface Pictures {
  readonly first: AnySym
  readonly second: AnySym
}

/** From 1/4 of the size on: what the convolutions up to the third found, and what they did at 1/4 of the size. */
const refining = (layer: Conv) => {
  const expand = expanding()
  const m = {
    conv3_1: layer(256, 3),
    conv4: layer(512, 3, 2),
    conv4_1: layer(512, 3),
    conv5: layer(512, 3, 2),
    conv5_1: layer(512, 3),
    conv6: layer(1024, 3, 2),
    conv6_1: layer(1024, 3),
  }
  const apply = (x: AnySym, conv2: AnySym) => {
    const conv3 = m.conv3_1(x)
    const conv4 = m.conv4_1(m.conv4(conv3))
    const conv5 = m.conv5_1(m.conv5(conv4))
    return expand.apply(m.conv6_1(m.conv6(conv5)), [conv5, conv4, conv3, conv2])
  }
  return { children: { ...m, ...expand.children }, apply }
}

const contracting = (layer: Conv) => ({ conv1: layer(64, 7, 2), conv2: layer(128, 5, 2), conv3: layer(256, 5, 2) })

const flownetS = (layer: Conv) => () => {
  const [m, refine] = [contracting(layer), refining(layer)]
  return module({ ...m, ...refine.children }, ({ first, second }: Pictures) => {
    const conv2 = m.conv2(m.conv1(concat(first, second)))
    return refine.apply(m.conv3(conv2), conv2)
  })
}

/** Both pictures go through the same convolutions; then the features of the first are compared with displaced ones of the second. */
const flownetC = (layer: Conv) => () => {
  const [m, refine] = [contracting(layer), refining(layer)]
  const redirect = layer(32, 1)
  const compare = correlation({ patchSize: 21, patchDilation: 2, normalize: true })
  return module({ ...m, conv_redir: redirect, ...refine.children }, ({ first, second }: Pictures) => {
    const conv2 = m.conv2(m.conv1(first))
    const features = m.conv3(conv2)
    const others = m.conv3(m.conv2(m.conv1(second)))
    const alike: AnySym = activation(compare(features, others))
    return refine.apply(concat(redirect(features), alike), conv2)
  })
}

/**
 * FlowNetS: two pictures `[384, 512, 3]` -> `flow2` `[96, 128, 2]`, in quarters of the size, and the coarser `flow3` to `flow6`.
 * Dosovitskiy et al., arXiv:1504.06852.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('flownet_s', { inputSize: [448, 1024] })
 * net.outputs.flow2 // [112, 256, 2]
 * ```
 */
export const flownetSimple = variant('flownet_s', { parameters: 38_675_536, macs: 15_787_782_912 }, flownetS(conv))

/** FlowNetS with batch norm on the way down: two pictures `[384, 512, 3]` -> `flow2` to `flow6`. */
export const flownetSimpleNorm = variant(
  'flownet_s_bn',
  { parameters: 38_680_336, macs: 15_787_782_912 },
  flownetS(convNorm),
)

/** FlowNetC, which compares the features of both pictures: two pictures `[384, 512, 3]` -> `flow2` to `flow6`. */
export const flownetCorrelation = variant('flownet_c', { parameters: 39_174_320, macs: 22_382_015_232 }, flownetC(conv))

/** FlowNetC with batch norm on the way down: two pictures `[384, 512, 3]` -> `flow2` to `flow6`. */
export const flownetCorrelationNorm = variant(
  'flownet_c_bn',
  { parameters: 39_179_152, macs: 22_382_015_232 },
  flownetC(convNorm),
)
