import { type AnySym, add, conv2d, groupNorm, type Layer, module, relu, resize, sequential } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { type AnchorOutputs, rowsOf } from './detection-heads.js'
import { bottleneck, residualBody } from './residual.js'

const variant = defineFamily({
  family: 'retinanet',
  task: 'object-detection',
  paper: {
    title: 'Focal Loss for Dense Object Detection',
    authors: 'Lin, Goyal, Girshick, He, Dollár',
    year: 2017,
    url: 'https://arxiv.org/abs/1708.02002',
  },
  inputs: { input: [800, 800, 3] },
  minInputSize: 1,
  numClasses: 91,
  preprocessing: 'retinanet',
})

const width = 256

const conv3x3 = (channels: number, stride = 1, bias = true) =>
  conv2d(channels, { kernel: 3, stride, padding: 1, bias }) as Layer

/** In what the versions of the network differ. */
interface Version {
  /** Whether the first of the two coarser maps comes from the body's last map instead of the pyramid's. */
  readonly coarsensBody: boolean
  /** Whether the heads normalise their channels in 32 groups. */
  readonly normalizes: boolean
}

const enlarge = (x: AnySym, like: AnySym): AnySym =>
  resize({ size: [like.shape[0] as number, like.shape[1] as number] })(x)

/**
 * Maps of the same width at every size, each with what the coarser ones know, and two coarser ones more: from fine to coarse. Lin et al.,
 * Feature Pyramid Networks, arXiv:1612.03144.
 */
const featurePyramid = (coarsensBody: boolean) => {
  const wrapped = (layer: Layer) => sequential(layer) as Layer
  const inner_blocks = [0, 1, 2].map(() => wrapped(conv2d(width, { kernel: 1 }) as Layer))
  const layer_blocks = [0, 1, 2].map(() => wrapped(conv3x3(width)))
  const extra_blocks = { p6: conv3x3(width, 2), p7: conv3x3(width, 2) }
  const apply = (maps: readonly AnySym[]): readonly AnySym[] => {
    const inner = maps.map((map, i) => (inner_blocks[i] as Layer)(map))
    const merged = [...inner]
    for (let i = inner.length - 2; i >= 0; i--) {
      const map = inner[i] as AnySym
      merged[i] = add(map, enlarge(merged[i + 1] as AnySym, map)) as AnySym
    }
    const pyramid = merged.map((map, i) => (layer_blocks[i] as Layer)(map))
    const p6 = extra_blocks.p6((coarsensBody ? maps : pyramid).at(-1) as AnySym)
    return [...pyramid, p6, extra_blocks.p7(relu(p6))]
  }
  return { children: { inner_blocks, layer_blocks, extra_blocks }, apply }
}

/** Four convolutions and a last one to the rows of a pixel's anchors, the same for every map. */
const tower = (channels: number, normalizes: boolean) => {
  const step = () => (normalizes ? [conv3x3(width, 1, false), groupNorm(32)] : [conv3x3(width)])
  const conv = Array.from({ length: 4 }, () => sequential(...step(), relu) as Layer)
  const last = conv3x3(channels)
  return { conv, last, apply: (x: AnySym) => last(conv.reduce((value, layer) => layer(value), x)) }
}

const anchorsPerPixel = 9

const retinanet =
  ({ coarsensBody, normalizes }: Version) =>
  ({ numClasses = 91 }: ClassifierOptions = {}) => {
    const { children: body } = residualBody(bottleneck, [3, 4, 6, 3])
    const fpn = featurePyramid(coarsensBody)
    const classes = tower(anchorsPerPixel * numClasses, normalizes)
    const boxes = tower(anchorsPerPixel * 4, normalizes)
    const head = {
      classification_head: { conv: classes.conv, cls_logits: classes.last },
      regression_head: { conv: boxes.conv, bbox_reg: boxes.last },
    }
    return module({ backbone: { body, fpn: fpn.children }, head }, (x: AnySym): AnchorOutputs => {
      const quarter = body.layer1(body.maxpool(relu(body.bn1(body.conv1(x))) as AnySym))
      const c3 = body.layer2(quarter)
      const c4 = body.layer3(c3)
      const pyramid = fpn.apply([c3, c4, body.layer4(c4)])
      return {
        deltas: rowsOf(pyramid.map(boxes.apply), 4),
        logits: rowsOf(pyramid.map(classes.apply), numClasses),
      }
    })
  }

/**
 * RetinaNet on ResNet-50 with a feature pyramid: `[800, 800, 3]` -> `deltas` `[120087, 4]` and `logits` `[120087, 91]`, which
 * `decodeRetinanet` makes boxes of. Lin et al., arXiv:1708.02002.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('retinanet_resnet50_fpn', { inputSize: [480, 640] })
 * ```
 */
export const retinanetResnet50Fpn = variant(
  'retinanet_resnet50_fpn',
  { parameters: 34_068_119, macs: 151_540_437_248 },
  retinanet({ coarsensBody: false, normalizes: false }),
)

/**
 * RetinaNet whose heads normalise and whose coarser maps come from the body: `[800, 800, 3]` -> `deltas` `[120087, 4]` and `logits`
 * `[120087, 91]`.
 */
export const retinanetResnet50FpnV2 = variant(
  'retinanet_resnet50_fpn_v2',
  { parameters: 38_198_935, macs: 152_238_199_040 },
  retinanet({ coarsensBody: true, normalizes: true }),
)
