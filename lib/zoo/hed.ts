import {
  type AnySym,
  affine,
  concat,
  constant,
  conv2d,
  maxPool2d,
  module,
  relu,
  resize,
  sequential,
  sigmoid,
  subtract,
} from '../layers/index.js'
import { Tensor } from '../tensor.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'hed',
  task: 'edge-detection',
  paper: {
    title: 'Holistically-Nested Edge Detection',
    authors: 'Xie, Tu',
    year: 2015,
    url: 'https://arxiv.org/abs/1504.06375',
  },
  inputs: { input: [320, 480, 3] },
  minInputSize: 16,
  fixedChannels: true,
  preprocessing: { preset: 'unit', fit: 'fill', channelOrder: 'bgr' },
})

/** Of the pictures that VGG was trained with, blue first, from 0 to 255. */
const meanColor = new Tensor(new Float32Array([104.00698793, 116.66876762, 122.67891434]), [3])

const convs = (count: number, width: number) =>
  Array.from({ length: count }, () => [conv2d(width, { kernel: 3, padding: 1 }), relu]).flat()

const pooled = (count: number, width: number) => sequential(maxPool2d({ kernel: 2 }), ...convs(count, width))

const score = () => conv2d(1, { kernel: 1 })

/**
 * HED, the five groups of VGG-16 with an opinion each: a picture `[320, 480, 3]`, blue first, from 0 to 1 -> edges `[320, 480, 1]`, from 0
 * to 1. Xie and Tu, arXiv:1504.06375.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('hed', { inputSize: [480, 640] })
 * ```
 */
export const hed = variant('hed', { parameters: 14_716_171, macs: 46_998_988_800 }, () => {
  const m = {
    netVggOne: sequential(...convs(2, 64)),
    netVggTwo: pooled(2, 128),
    netVggThr: pooled(3, 256),
    netVggFou: pooled(3, 512),
    netVggFiv: pooled(3, 512),
    netScoreOne: score(),
    netScoreTwo: score(),
    netScoreThr: score(),
    netScoreFou: score(),
    netScoreFiv: score(),
    netCombine: sequential(score()),
  }
  const mean = constant(meanColor)
  return module(m, (x: AnySym) => {
    const one = m.netVggOne(subtract(affine({ scale: 255 })(x), mean(x)) as AnySym)
    const two = m.netVggTwo(one)
    const three = m.netVggThr(two)
    const four = m.netVggFou(three)
    const scores = [
      m.netScoreOne(one),
      m.netScoreTwo(two),
      m.netScoreThr(three),
      m.netScoreFou(four),
      m.netScoreFiv(m.netVggFiv(four)),
    ]
    const enlarge = resize({ size: x.shape.slice(0, 2), mode: 'bilinear' })
    return sigmoid(m.netCombine(concat(...scores.map((map): AnySym => enlarge(map)))))
  })
})
