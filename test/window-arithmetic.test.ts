import { describe, expect, test } from 'vitest'
import {
  conv2d,
  convMacs,
  convParameterCount,
  createModel,
  model,
  OptionError,
  ShapeError,
  windowOutputSize,
  windowReceptiveField,
} from '../lib/index.js'

describe('windowOutputSize', () => {
  test('is that of a layer', () => {
    for (const window of [
      { kernel: 11, stride: 4 },
      { kernel: [3, 5], stride: [2, 1], padding: [1, 2] },
      { kernel: 3, dilation: 4, padding: 2 },
    ]) {
      const [height, width] = model({ input: [57, 63, 1] }, conv2d(1, window as { kernel: number })).outputs.output
      expect(windowOutputSize([57, 63], window)).toEqual([height, width])
    }
    expect(windowOutputSize([10], { kernel: 3, stride: 2 })).toEqual([4])
  })

  test('refuses what is no window, and one that does not fit', () => {
    expect(() => windowOutputSize([4], { kernel: 7, padding: 1 })).toThrow(
      new ShapeError('A window of 7 does not fit into 6 with padding', { expected: 7, actual: 6 }),
    )
    for (const window of [
      {},
      { kernel: 0 },
      { kernel: [1, 2, 3] },
      { kernel: 3, strides: 2 },
      null,
      { kernel: 3, padding: -1 },
    ]) {
      expect(() => windowOutputSize([8, 8], window as never)).toThrow(OptionError)
    }
    expect(() => windowOutputSize(8 as never, { kernel: 3 })).toThrow(OptionError)
  })
})

// Table 1 of Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019.
describe('windowReceptiveField', () => {
  const pool = { kernel: 2, stride: 2 }
  const three = { kernel: 3, padding: 1 }

  test("of VGG-16's convolutions is the published one", () => {
    const stages = [2, 2, 3, 3, 3].flatMap((count) => [...new Array(count).fill(three), pool])
    expect(windowReceptiveField(stages)).toEqual({ size: [212], jump: [32], start: [16] })
  })

  test('is that of a summary', () => {
    const windows = [
      { kernel: 11, stride: 4, padding: 2 },
      { kernel: 3, stride: 2 },
    ]
    const { receptiveField } = createModel('alexnet').summary({ print: false }).layers[2] as { receptiveField: unknown }
    expect(windowReceptiveField(windows.map((window) => ({ ...window, dilation: [1, 1] })))).toEqual(receptiveField)
  })

  test('of nothing is one element', () => {
    expect(windowReceptiveField([])).toEqual({ size: [1], jump: [1], start: [0.5] })
    for (const windows of [[{ kernel: [3, 3] }, { kernel: [3, 3, 3] }], [{}], [null], 3, [{ kernel: Number.NaN }]]) {
      expect(() => windowReceptiveField(windows as never)).toThrow(OptionError)
    }
  })
})

describe('what a convolution costs', () => {
  const alexnet = { inChannels: 3, outChannels: 96, kernel: [11, 11] }

  test('is what the textbooks count', () => {
    expect(convParameterCount(alexnet)).toBe(34_944)
    expect(convMacs([55, 55], alexnet)).toBe(105_415_200)
    expect(convParameterCount({ inChannels: 32, outChannels: 32, kernel: [3, 3], groups: 32, bias: false })).toBe(288)
    expect(convMacs([112, 112], { inChannels: 32, outChannels: 32, kernel: [3, 3], groups: 32 })).toBe(112 * 112 * 288)
  })

  test('is refused for what is no convolution', () => {
    for (const sizes of [
      {},
      { ...alexnet, groups: 2 },
      { ...alexnet, group: 1 },
      { ...alexnet, outChannels: -1 },
      undefined,
    ]) {
      expect(() => convParameterCount(sizes as never)).toThrow(OptionError)
      expect(() => convMacs([1], sizes as never)).toThrow(OptionError)
    }
    expect(() => convMacs([0], alexnet)).toThrow(ShapeError)
    expect(() => convMacs(3 as never, alexnet)).toThrow(OptionError)
  })
})
