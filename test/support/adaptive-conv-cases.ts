/** Cases of the convolutions whose taps or weights differ from pixel to pixel. */

import fc from 'fast-check'
import {
  type AnySym,
  correlation,
  deformConv2d,
  elu,
  gatedConv2d,
  involution,
  locallyConnected2d,
  mixedDepthwiseConv2d,
  module,
  sequential,
} from '../../lib/index.js'
import { outputSize } from '../../lib/shape.js'
import { type Cases, channels, int } from './sweep-shapes.js'

const few = fc.constantFrom(1, 2, 3, 5, 8, 17)

const window = fc.record({ kernel: int(1, 3), stride: int(1, 2), padding: int(0, 2), dilation: int(1, 2) })

type Window = typeof window extends fc.Arbitrary<infer T> ? T : never

const outputOf = (sizes: readonly number[], { padding, ...rest }: Window) =>
  sizes.map((size) => outputSize(size, { ...rest, padStart: padding, padEnd: padding }))

const deformCases: Cases = fc
  .record({
    height: int(5, 9),
    width: int(5, 9),
    window,
    inPerGroup: few,
    outPerGroup: few,
    groups: int(1, 2),
    offsetGroups: int(1, 2),
    withMask: fc.boolean(),
  })
  .map(({ height, width, window, inPerGroup, outPerGroup, groups, offsetGroups, withMask }) => {
    const depth = inPerGroup * groups * offsetGroups
    const output = outputOf([height, width], window)
    const taps = window.kernel ** 2 * offsetGroups
    const m = { conv: deformConv2d(outPerGroup * groups, { ...window, groups }) }
    type Values = Readonly<Record<'x' | 'offsets' | 'mask', AnySym>>
    return {
      inputs: {
        x: [height, width, depth],
        offsets: [...output, 2 * taps],
        ...(withMask ? { mask: [...output, taps] } : {}),
      },
      net: module(m, ({ x, offsets, mask }: Values) => m.conv(x, offsets, mask)),
      options: { ...window, groups, offsetGroups, withMask },
    }
  })

const localCases: Cases = fc
  .record({ height: int(5, 8), width: int(5, 8), depth: few, out: few, window, bias: fc.boolean() })
  .map(({ height, width, depth, out, window, bias }) => ({
    inputs: { input: [height, width, depth] },
    net: sequential(locallyConnected2d(out, { ...window, bias })),
    options: { ...window, bias },
  }))

const involutionCases: Cases = fc
  .record({
    height: int(1, 4),
    width: int(1, 4),
    groups: int(1, 3),
    groupChannels: fc.constantFrom(1, 3, 4, 8, 16, 20),
    kernel: fc.constantFrom(1, 3, 5),
    stride: int(1, 2),
  })
  .map(({ height, width, groups, groupChannels, ...options }) => ({
    inputs: { input: [height * options.stride, width * options.stride, groups * groupChannels] },
    net: sequential(involution(groups * groupChannels, { ...options, groupChannels, reduction: 1 })) as never,
    options,
  }))

const correlationCases: Cases = fc
  .record({ height: int(5, 8), width: int(5, 8), depth: channels, window, patch: int(1, 9), patchDilation: int(1, 3) })
  .map(({ height, width, depth, window, patch, patchDilation }) => {
    const compare = correlation({ ...window, patchSize: patch, patchDilation, normalize: patch % 2 === 0 })
    return {
      inputs: { a: [height, width, depth], b: [height, width, depth] },
      net: ({ a, b }: Readonly<Record<'a' | 'b', AnySym>>) => compare(a, b),
      options: { ...window, patch, patchDilation },
    }
  })

const composedCases: Cases = fc
  .record({
    height: int(3, 8),
    width: int(3, 8),
    depth: int(3, 20),
    out: few,
    stride: int(1, 2),
    isMixed: fc.boolean(),
  })
  .map(({ height, width, depth, out, stride, isMixed }) => ({
    inputs: { input: [height, width, depth] },
    net: isMixed
      ? sequential(mixedDepthwiseConv2d({ kernels: [3, 1, 5], stride }))
      : sequential(gatedConv2d(out, { kernel: 3, padding: 1, stride, activation: elu() as never }) as never),
  }))

export const adaptiveConvFamilies: Readonly<Record<string, Cases>> = {
  deformConv2d: deformCases,
  locallyConnected2d: localCases,
  involution: involutionCases,
  correlation: correlationCases,
  'mixed depthwise and gated convolution': composedCases,
}
