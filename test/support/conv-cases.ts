/** Cases of the convolutions beside conv2d: transposed, separable, causal, and those of volumes; and pooling of volumes. */

import fc from 'fast-check'
import {
  type AnySym,
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  adaptiveMaxPool3d,
  add,
  avgPool3d,
  batchNorm,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  depthwiseConv1d,
  depthwiseConv3d,
  maxPool3d,
  module,
  relu,
  separableConv2d,
  separableConv3d,
  sequential,
} from '../../lib/index.js'
import { type Cases, channels, int, net } from './sweep-shapes.js'

const few = fc.constantFrom(1, 2, 3, 5, 8, 17)

const transposeAxis = fc
  .record({ kernel: int(1, 5), stride: int(1, 4), dilation: fc.constantFrom(1, 1, 1, 2, 3), extra: int(0, 3) })
  .chain(({ kernel, stride, dilation, extra }) => {
    const reach = dilation * (kernel - 1)
    return fc.record({
      kernel: fc.constant(kernel),
      stride: fc.constant(stride),
      dilation: fc.constant(dilation),
      outputPadding: fc.constant(Math.min(extra, Math.max(stride, dilation) - 1)),
      start: int(0, Math.min(reach, 4)),
      end: int(0, Math.max(0, Math.min(reach, 4) - 4)),
    })
  })

/** 1 to 3 axes; the layers differ in nothing else. */
const transposeCases: Cases = fc
  .record({
    axes: fc.array(fc.record({ size: int(1, 5), choice: transposeAxis }), { minLength: 1, maxLength: 3 }),
    inPerGroup: few,
    outPerGroup: few,
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    bias: fc.boolean(),
    isSum: fc.boolean(),
  })
  .filter(({ axes }) => axes.reduce((taps, { choice }) => taps * choice.kernel * choice.stride, 1) < 80)
  .map(({ axes, inPerGroup, outPerGroup, groups, bias, isSum }) => {
    const of = (pick: (choice: (typeof axes)[number]['choice']) => number) => axes.map(({ choice }) => pick(choice))
    const names = [
      ['front', 'back'],
      ['top', 'bottom'],
      ['left', 'right'],
    ].slice(-axes.length)
    const options = {
      kernel: of((choice) => choice.kernel),
      stride: of((choice) => choice.stride),
      dilation: of((choice) => choice.dilation),
      outputPadding: of((choice) => choice.outputPadding),
      padding: Object.fromEntries(
        names.flatMap(([start, end], axis) => [
          [start, axes[axis]?.choice.start],
          [end, axes[axis]?.choice.end],
        ]),
      ),
      groups,
      bias,
    }
    const make = [convTranspose1d, convTranspose2d, convTranspose3d][axes.length - 1] as typeof convTranspose2d
    const m = { a: make(outPerGroup * groups, options as never), b: make(outPerGroup * groups, options as never) }
    const one = (x: AnySym): AnySym => (bias ? relu(m.a(x)) : m.a(x))
    const sum = (x: AnySym): AnySym => relu(add(m.a(x), m.b(x)) as AnySym)
    return {
      inputs: { input: [...axes.map(({ size }) => size), inPerGroup * groups] },
      net: module(m, isSum ? sum : one),
      options,
      algorithms: ['auto', 'direct', 'im2col', 'dot'],
    }
  })

const volume = fc.tuple(int(3, 6), int(3, 6), int(3, 7), few)
const window3d = fc.record({ kernel: fc.tuple(int(1, 3), int(1, 3), int(1, 3)), stride: int(1, 2), padding: int(0, 1) })

const volumeConvCases: Cases = fc
  .record({ shape: volume, window: window3d, out: channels, flip: fc.boolean(), kind: int(0, 2), dilated: int(0, 3) })
  .map(({ shape, window, out, flip, kind, dilated }) => {
    const dilation = dilated === 0 ? ([1, 1, 2] as const) : 1
    const options = { ...window, flip, padding: dilated === 0 ? 1 : window.padding, dilation }
    const layers = [
      () => conv3d(out, options),
      () => depthwiseConv3d({ ...options, multiplier: 1 + (out % 2) }),
      () => separableConv3d(out, options),
    ]
    return {
      inputs: { input: shape },
      net: sequential(layers[kind]?.() as never),
      options: { kind, ...options },
      algorithms: ['auto', 'direct', 'im2col', 'dot'],
    }
  })

const narrowGroupCases: Cases = fc
  .record({
    size: fc.tuple(int(3, 6), int(3, 6), int(3, 7)),
    window: window3d,
    groupChannels: fc.constantFrom(2, 4, 8, 16),
    groups: int(2, 5),
    dilation: int(1, 2),
    isVolume: fc.boolean(),
  })
  .map(({ size, window, groupChannels, groups, dilation, isVolume }) => {
    const depth = groups * groupChannels
    const options = { stride: window.stride, padding: 2, dilation, groups }
    const layers = {
      volume: conv3d(depth, { ...options, kernel: window.kernel }),
      line: conv1d(depth, { ...options, kernel: 3 }),
    }
    return {
      inputs: { input: isVolume ? [...size, depth] : [size[0], depth] },
      net: sequential((isVolume ? layers.volume : layers.line) as never),
      options: { isVolume, ...window, ...options },
      algorithms: ['auto', 'direct', 'im2col', 'grouped'],
    }
  })

const volumePoolCases: Cases = fc
  .record({ shape: volume, window: window3d, ceil: fc.boolean(), kind: int(0, 3), out: fc.tuple(few, few, few) })
  .map(({ shape, window, ceil, kind, out }) => {
    const padding = window.kernel.map((size) => Math.min(window.padding, Math.floor(size / 2))) as [1, 1, 1]
    const layers = [
      () => maxPool3d({ ...window, padding, ceil }),
      () => avgPool3d({ ...window, padding, ceil }),
      () => adaptiveMaxPool3d(out),
      () => adaptiveAvgPool3d(out),
    ]
    return { inputs: { input: shape }, net: sequential(layers[kind]?.() as never), options: { kind, ...window } }
  })

/** Branches of one value, in any order, whose sum is computed as one convolution. */
const parallelCases: Cases = fc
  .record({
    size: fc.tuple(int(3, 9), int(3, 9)),
    groupChannels: fc.constantFrom(1, 3, 4, 8),
    groups: fc.constantFrom(1, 1, 2, 9),
    kernels: fc.array(fc.constantFrom(1, 3, 3, 5, 7), { minLength: 1, maxLength: 3 }),
    identity: fc.constantFrom('none', 'plain', 'normed'),
    stride: int(1, 2),
    normed: fc.boolean(),
  })
  .map(({ size, groupChannels, groups, kernels, identity, stride, normed }) => {
    const width = groups * groupChannels
    const addsInput = identity !== 'none' && stride === 1
    const branch = (kernel: number) => {
      const conv = conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, groups, bias: !normed })
      return (normed ? sequential(conv, batchNorm()) : conv) as (x: AnySym) => AnySym
    }
    const m = { convs: kernels.map(branch), ...(addsInput && identity === 'normed' ? { norm: batchNorm() } : {}) }
    return {
      inputs: { input: [...size, width] },
      net: module(m, (x: AnySym) => {
        const same = addsInput ? [m.norm ? m.norm(x) : x] : []
        return relu([...same, ...m.convs.map((conv) => conv(x))].reduce((sum, value) => add(sum, value) as AnySym))
      }),
      options: { groups, kernels, identity, stride, normed },
      algorithms: ['auto', 'direct', 'im2col', 'dot'],
      // Infinities of opposite signs meet in the sum of the branches, but not in the sum of their weights.
      finite: true,
    }
  })

const causalCases: Cases = fc
  .record({ length: int(1, 40), depth: few, out: channels, kernel: int(1, 5), dilation: int(1, 8), stride: int(1, 3) })
  .map(({ length, depth, out, ...window }) => ({
    inputs: { input: [length, depth] },
    net: sequential(conv1d(out, { ...window, padding: 'causal' }), depthwiseConv1d({ ...window, padding: 'causal' })),
    algorithms: ['auto', 'direct', 'im2col', 'dot'],
  }))

const separableCases: Cases = fc
  .record({ height: int(3, 9), width: int(3, 9), depth: few, out: channels, multiplier: int(1, 3), stride: int(1, 2) })
  .map(({ height, width, depth, out, multiplier, stride }) => ({
    inputs: { input: [height, width, depth] },
    net: sequential(separableConv2d(out, { kernel: 3, padding: 1, multiplier, stride })),
  }))

export const convFamilies: Readonly<Record<string, Cases>> = {
  'transposed convolution': transposeCases,
  'convolution of volumes': volumeConvCases,
  'conv1d and conv3d of narrow groups': narrowGroupCases,
  'pooling of volumes': volumePoolCases,
  'parallel convolutions of one value': parallelCases,
  'causal convolution': causalCases,
  separableConv2d: separableCases,
  adaptiveAvgPool1d: net(
    fc.tuple(int(1, 20), few),
    int(1, 9).map((size) => sequential(adaptiveAvgPool1d(size))),
  ),
}
