import { type AnySym, conv3d, dense, flatten, type Layer, maxPool3d, module, relu } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'c3d',
  task: 'video-classification',
  paper: {
    title: 'Learning Spatiotemporal Features with 3D Convolutional Networks',
    authors: 'Tran, Bourdev, Fergus, Torresani, Paluri',
    year: 2014,
    url: 'https://arxiv.org/abs/1412.0767',
  },
  inputs: { input: [16, 112, 112, 3] },
  numClasses: 487,
  preprocessing: { preset: 'kinetics', channelOrder: 'bgr', scale: 1, mean: [90, 98, 102], std: 1 },
})

const conv = (width: number) => conv3d(width, { kernel: 3, padding: 1 }) as Layer

/** The last maps have 7 x 7 elements, so that pairs of them leave one over; `pool5` says at which side. */
const c3dOf =
  (pool5: Layer) =>
  <const N extends number = 487>({ numClasses = 487 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: conv(64),
      pool1: maxPool3d({ kernel: [1, 2, 2] }) as Layer,
      conv2: conv(128),
      pool2: maxPool3d({ kernel: 2 }) as Layer,
      conv3a: conv(256),
      conv3b: conv(256),
      pool3: maxPool3d({ kernel: 2 }) as Layer,
      conv4a: conv(512),
      conv4b: conv(512),
      pool4: maxPool3d({ kernel: 2 }) as Layer,
      conv5a: conv(512),
      conv5b: conv(512),
      pool5,
      fc6: dense(4096) as Layer,
      fc7: dense(4096) as Layer,
      fc8: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const early = m.pool2(relu(m.conv2(m.pool1(relu(m.conv1(x))))))
      const middle = m.pool3(relu(m.conv3b(relu(m.conv3a(early)))))
      const late = m.pool4(relu(m.conv4b(relu(m.conv4a(middle)))))
      const features = flatten(m.pool5(relu(m.conv5b(relu(m.conv5a(late))))))
      return m.fc8(relu(m.fc7(relu(m.fc6(features)))))
    }) as Classifier<N>
  }

/**
 * C3D for the classes of Sports-1M, as its authors' Caffe network pools: `[16, 112, 112, 3]` -> `[487]`. Tran et al., arXiv:1412.0767.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('c3d', { numClasses: 101 })
 * ```
 */
export const c3d = variant(
  'c3d',
  { parameters: 79_991_015, macs: 38_548_959_232 },
  c3dOf(maxPool3d({ kernel: 2, ceil: true }) as Layer),
)

/** C3D as PyTorch ports pool, with padding around the last maps: `[16, 112, 112, 3]` -> `[487]`. */
export const c3dPadded = variant(
  'c3d_padded',
  { parameters: 79_991_015, macs: 38_548_959_232 },
  c3dOf(maxPool3d({ kernel: 2, padding: [0, 1, 1] }) as Layer),
)
