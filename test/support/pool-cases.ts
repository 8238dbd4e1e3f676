/** Cases of the poolings beside maximum and average. */

import fc from 'fast-check'
import {
  type AnySym,
  blurPool2d,
  lpPool1d,
  lpPool2d,
  maxPool2dWithIndices,
  maxUnpool2d,
  mixedPool2d,
  relu,
  roiAlign,
  roiPool,
  sequential,
  spatialPyramidPool,
  stochasticPool2d,
} from '../../lib/index.js'
import { type Cases, channels, int } from './sweep-shapes.js'

const window = fc
  .record({ kernel: fc.tuple(int(1, 4), int(1, 4)), stride: int(1, 3), padding: int(0, 2), ceil: fc.boolean() })
  .map(({ padding, ...rest }) => ({
    ...rest,
    padding: rest.kernel.map((size) => Math.min(padding, Math.floor(size / 2))) as [number, number],
  }))

const image = fc.tuple(int(4, 11), int(4, 11), channels)

/** Powers of other than 1 and 2 are for values that are not negative. */
const lpCases: Cases = fc
  .record({ shape: image, options: window, p: fc.constantFrom(1, 2, 2, 1.5, 3) })
  .map(({ shape, options, p }) => {
    const layer = lpPool2d({ ...options, p })
    return {
      inputs: { input: shape },
      net: (x: AnySym) => (p > 2 || p === 1.5 ? layer(relu(x)) : layer(x)) as AnySym,
      options: { ...options, p },
    }
  })

const lp1dCases: Cases = fc.record({ length: int(5, 40), depth: channels, kernel: int(1, 5) }).map((choice) => ({
  inputs: { input: [choice.length, choice.depth] },
  net: lpPool1d({ kernel: choice.kernel }),
}))

const meanCases: Cases = fc
  .record({ shape: image, options: window, isMixed: fc.boolean() })
  .map(({ shape, options, isMixed }) => ({
    inputs: { input: shape },
    net: isMixed ? sequential(mixedPool2d(options)) : sequential(relu, stochasticPool2d(options) as never),
    options: { isMixed, ...options },
  }))

const indicesCases: Cases = fc.record({ shape: image, options: window, dilation: int(1, 2) }).map((choice) => {
  const pool = maxPool2dWithIndices({ ...choice.options, dilation: choice.dilation as 1 })
  return {
    inputs: { input: [choice.shape[0] + 4, choice.shape[1] + 4, choice.shape[2]] },
    net: (x: AnySym) => ({ pooled: pool(x)[0], indices: pool(x)[1] }),
    options: choice,
  }
})

const unpoolCases: Cases = fc
  .record({ shape: image, out: fc.tuple(int(1, 9), int(1, 9)), isPooled: fc.boolean() })
  .map(({ shape, out, isPooled }) => {
    const pool = maxPool2dWithIndices({ kernel: 2 })
    const restore = maxUnpool2d({ kernel: 2, outputSize: [shape[0], shape[1]] })
    const place = maxUnpool2d({ kernel: 2, outputSize: out })
    return isPooled
      ? { inputs: { input: shape }, net: (x: AnySym) => restore(...pool(x)) as AnySym }
      : { inputs: { x: shape, indices: shape }, net: (v: Record<'x' | 'indices', AnySym>) => place(v.x, v.indices) }
  })

const blurCases: Cases = fc
  .record({ height: int(4, 12), width: int(4, 12), depth: channels, kernel: int(1, 6), stride: int(1, 3) })
  .map(({ height, width, depth, ...options }) => ({
    inputs: { input: [height, width, depth] },
    net: blurPool2d(options),
    options,
  }))

/** Inputs are small numbers, so the scale makes boxes of all sizes of them. */
const roiCases: Cases = fc
  .record({
    shape: fc.tuple(int(1, 9), int(1, 9), channels),
    boxes: int(1, 4),
    outputSize: fc.tuple(int(1, 4), int(1, 4)),
    spatialScale: fc.constantFrom(0.25, 1, 10, 300),
    samplingRatio: int(0, 3),
    aligned: fc.boolean(),
    isAlign: fc.boolean(),
  })
  .map(({ shape, boxes, isAlign, outputSize, spatialScale, ...rest }) => {
    const pool = isAlign
      ? roiAlign({ outputSize, spatialScale, ...rest })
      : roiPool({ outputSize: outputSize as [1, 1], spatialScale })
    return {
      inputs: { x: shape, boxes: [boxes, 4] },
      net: (v: Record<'x' | 'boxes', AnySym>) => pool(v.x, v.boxes) as AnySym,
      options: { isAlign, outputSize, spatialScale, ...rest },
    }
  })

const pyramidCases: Cases = image.map((shape) => ({
  inputs: { input: shape },
  net: spatialPyramidPool({ levels: [1, 2, 3] }),
}))

export const poolFamilies: Readonly<Record<string, Cases>> = {
  lpPool2d: lpCases,
  lpPool1d: lp1dCases,
  'mixed and stochastic pooling': meanCases,
  'max pooling with indices': indicesCases,
  'max unpooling': unpoolCases,
  blurPool2d: blurCases,
  'pooling of regions': roiCases,
  'spatial pyramid pooling': pyramidCases,
}
