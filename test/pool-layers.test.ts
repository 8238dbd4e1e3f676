import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  blurPool2d,
  type Layer,
  lpPool2d,
  maxPool2dWithIndices,
  maxUnpool2d,
  mixedPool2d,
  model,
  OptionError,
  roiAlign,
  roiPool,
  ShapeError,
  sequential,
  spatialPyramidPool,
  stochasticPool2d,
} from '../lib/index.js'

type Shape = readonly number[]
const shapeOf = (shape: Shape, layer: unknown) => model({ input: shape }, sequential(layer as Layer)).outputs.output

test.each<[string, Shape, unknown, Shape]>([
  ['lpPool2d', [9, 9, 4], lpPool2d({ kernel: 2 }), [4, 4, 4]],
  ['mixedPool2d', [9, 9, 4], mixedPool2d({ kernel: 3, stride: 2, padding: 1 }), [5, 5, 4]],
  ['stochasticPool2d', [9, 9, 4], stochasticPool2d({ kernel: 2, ceil: true }), [5, 5, 4]],
  ['blurPool2d', [56, 57, 4], blurPool2d(), [28, 29, 4]],
  ['blurPool2d of another size', [56, 56, 4], blurPool2d({ kernel: 5, stride: 4 }), [15, 15, 4]],
  ['spatialPyramidPool', [13, 9, 256], spatialPyramidPool({ levels: [1, 2, 4] }), [5376]],
])('%s gives %j', (_, shape, layer, expected) => {
  expect(shapeOf(shape, layer)).toEqual(expected)
})

test('unpooling undoes the pooling’s window, or fills the size that it is given', () => {
  const net = (outputSize?: number) => {
    const pool = maxPool2dWithIndices({ kernel: 3, stride: 2 })
    const unpool = maxUnpool2d({ kernel: 3, stride: 2, ...(outputSize ? { outputSize } : {}) })
    return model({ input: [8, 8, 2] } as Record<string, Shape>, ((x: AnySym) => unpool(...pool(x))) as never).outputs
  }
  expect(net()).toEqual({ output: [7, 7, 2] })
  expect(net(8)).toEqual({ output: [8, 8, 2] })
})

test('regions have a grid for every box', () => {
  for (const pool of [roiPool({ outputSize: [7, 5] }), roiAlign({ outputSize: [7, 5] })]) {
    const net = (v: Record<'x' | 'boxes', AnySym>) => pool(v.x, v.boxes)
    expect(model({ x: [20, 30, 8], boxes: [12, 4] } as Record<string, Shape>, net as never).outputs).toEqual({
      output: [12, 7, 5, 8],
    })
    expect(() => model({ x: [20, 30, 8], boxes: [12, 5] } as Record<string, Shape>, net as never)).toThrow(
      'takes boxes [count, 4] but received [12, 5]',
    )
  }
})

test('the share of mixed pooling is a parameter', () => {
  const net = model({ input: [4, 4, 2] }, sequential(mixedPool2d({ kernel: 2 })))
  expect(net.parameters().map(({ path, shape }) => [path, shape])).toEqual([['0.weight', [1]]])
})

describe('what does not fit is refused', () => {
  test.each<[() => unknown, string]>([
    [() => lpPool2d({ kernel: 2, p: 0.5 }), 'Expected p of lpPool2d to be a number of at least 1 but received 0.5'],
    [() => mixedPool2d({ kernel: 2, alpha: 1 } as never), 'mixedPool2d has no option "alpha"'],
    [() => stochasticPool2d({ kernel: 2, padding: 2 }), 'at most half the kernel (1)'],
    [() => blurPool2d({ kernel: 0 }), 'Expected kernel of blurPool2d to be a positive integer'],
    [() => spatialPyramidPool({ levels: [] }), 'Expected levels of spatialPyramidPool to be a list of sizes'],
    [() => roiAlign({ outputSize: 7, samplingRatio: -1 }), 'an integer from 0 to 4096 but received -1'],
    [() => roiPool({ outputSize: 7, spatialScale: 0 }), 'Expected spatialScale of roiPool to be a positive number'],
  ])('%#', (make, message) => {
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  test('images too small to reflect, and values of two shapes', () => {
    expect(() => shapeOf([2, 2, 1], blurPool2d({ kernel: 5 }))).toThrow(ShapeError)
    expect(() => shapeOf([2, 2, 1], blurPool2d({ kernel: 5 }))).toThrow('reflects 2 cells')
    const unpool = maxUnpool2d({ kernel: 2 })
    const net = (v: Record<'a' | 'b', AnySym>) => unpool(v.a, v.b)
    const apply = () => model({ a: [2, 2, 1], b: [2, 3, 1] } as Record<string, Shape>, net as never)
    expect(apply).toThrow('takes equal shapes but received [2, 2, 1] and [2, 3, 1]')
  })
})
