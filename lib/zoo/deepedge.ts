import {
  type AnySym,
  add,
  affine,
  concat,
  dense,
  module,
  reduce,
  relu,
  reshape,
  type Sym,
  sequential,
  sigmoid,
  slice,
} from '../layers/index.js'
import { positiveIntegers } from '../layers/options.js'
import { towerConvs, towerMaps } from './alexnet-2012-body.js'
import { defineFamily } from './architecture.js'

/** As the pictures that the convolutions were trained with. */
const patch = [227, 227, 3] as const

const variant = defineFamily({
  family: 'deepedge',
  task: 'edge-detection',
  paper: {
    title: 'DeepEdge: A Multi-Scale Bifurcated Deep Network for Top-Down Contour Detection',
    authors: 'Bertasius, Shi, Torresani',
    year: 2015,
    url: 'https://arxiv.org/abs/1412.1123',
  },
  inputs: { patch64: patch, patch128: patch, patch196: patch, image: patch },
  minInputSize: 67,
  fixedChannels: true,
  preprocessing: { preset: 'imagenet-bgr-caffe', crop: 1, fit: 'fill' },
})

export interface DeepEdgeOptions {
  /** Side of the window around the middle of each convolution's map; 7, 5, 3, 3, 3 by default. An even one has its middle half a pixel up and to the left. */
  readonly windows?: readonly [number, number, number, number, number]
  /** Features of the hidden layers of a branch; 1024 and 512 by default. */
  readonly hidden?: readonly [number, number]
}

/** What {@link deepedge} says of the point in the middle of the patches. */
export interface DeepEdgeOutputs {
  /** Mean of the two others. */
  readonly score: Sym<[1]>
  /** Probability of a contour. */
  readonly contour: Sym<[1]>
  /** Estimated share of the people who would draw a contour here. */
  readonly agreement: Sym<[1]>
}

/** The same point of a picture at four scales. */
type Scales = Readonly<Record<'patch64' | 'patch128' | 'patch196' | 'image', AnySym>>

/** The middle `size` x `size` pixels. */
const middle = (x: AnySym, size: number): AnySym =>
  [0, 1].reduce((y: AnySym, axis) => {
    const start = Math.floor(((y.shape[axis] as number) - size) / 2)
    return slice(y, { axis, start, end: start + size }) as unknown as AnySym
  }, x)

const [maximum, mean] = [reduce('max', { axes: [0, 1] }), reduce('mean', { axes: [0, 1] })]
const halfOf = affine({ scale: 0.5 })

/** Maximum and mean of every channel of a window, and the middle of the map. */
const pooled = (map: AnySym, window: number): readonly AnySym[] => {
  const around = middle(map, window)
  const center = reshape([map.shape[2] as number])(middle(map, 1))
  return [maximum(around), mean(around), center] as unknown as readonly AnySym[]
}

/**
 * DeepEdge, of one point of a picture: patches of 64, 128 and 196 pixels around it and the whole picture, each resized to `[227, 227, 3]`
 * -> `contour` `[1]`, the probability that a contour goes through the point, `agreement` `[1]`, the share of people who would draw one, and
 * `score` `[1]`, their mean. Bertasius et al., arXiv:1412.1123.
 *
 * The convolutions of AlexNet look at each patch; the maximum, the mean and the middle of a window in the middle of their maps feed two
 * branches of dense layers. Sides of the windows and widths of the branches are options, because no published code settles them. The
 * point is in the middle of each patch; the paper asks at those that Canny's detector gives. Other sizes are 3 more than a multiple of 4.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('deepedge')
 * ```
 */
export const deepedge = variant(
  'deepedge',
  { parameters: 37_203_330, macs: 2_698_005_632 },
  ({ windows = [7, 5, 3, 3, 3], hidden = [1024, 512] }: DeepEdgeOptions = {}) => {
    const branch = () => sequential(...hidden.flatMap((width) => [dense(width), relu]), dense(1))
    const m = { ...towerConvs(), contour: branch(), agreement: branch() }
    return module(m, ({ patch64, patch128, patch196, image }: Scales): DeepEdgeOutputs => {
      const features = [patch64, patch128, patch196, image].flatMap((picture) =>
        towerMaps(m, picture).flatMap((map, i) => pooled(map as AnySym, windows[i] as number)),
      )
      const point = concat(...features) as AnySym
      const contour = sigmoid(m.contour(point))
      const agreement = m.agreement(point)
      return { score: halfOf(add(contour, agreement)), contour, agreement } as unknown as DeepEdgeOutputs
    })
  },
  {
    windows: (name, value) => positiveIntegers(name, value, 5),
    hidden: (name, value) => positiveIntegers(name, value, 2),
  },
)
