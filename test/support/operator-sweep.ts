/** Every operator against the reference over generated shapes and options, on one ISA. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { engineInfo } from '../../lib/engine.js'
import type { ConvAlgorithm } from '../../lib/graph/lowering.js'
import {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  add,
  avgPool1d,
  avgPool2d,
  batchNorm,
  constant,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAvgPool,
  globalMaxPool,
  hardSwish,
  maxPool1d,
  maxPool2d,
  relu,
  relu6,
  type Sym,
  sequential,
  silu,
  Tensor,
} from '../../lib/index.js'
import { adaptiveConvFamilies } from './adaptive-conv-cases.js'
import { graphCase } from './arbitraries.js'
import { arithmeticFamilies } from './arithmetic-cases.js'
import { channelFamilies } from './channel-cases.js'
import { checkNet } from './check-layer.js'
import { convFamilies } from './conv-cases.js'
import { forceIsa, type Isa } from './isa.js'
import { movingFamilies } from './moving-cases.js'
import { poolFamilies } from './pool-cases.js'
import { evaluateGraph } from './reference.js'
import type { RefTensor } from './reference-ops.js'
import { sequenceFamilies } from './sequence-cases.js'
import { sessionOf, tensorsFor } from './session-of.js'
import { anyShape, type Cases, channels, image, int, net, size } from './sweep-shapes.js'
import { expectWithin } from './tolerance.js'

const SPECIALS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40, -1.4e-45, 0, -0]

const WINOGRADS: readonly ConvAlgorithm[] = ['winograd2', 'winograd3', 'winograd4', 'winograd6']

interface AxisChoice {
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  readonly start: number
  readonly end: number
}

const axis: fc.Arbitrary<AxisChoice> = fc.record({
  kernel: int(1, 5),
  stride: int(1, 3),
  dilation: fc.constantFrom(1, 1, 1, 2, 3),
  start: fc.constantFrom(0, 0, 1, 1, 2, 4),
  end: fc.constantFrom(0, 0, 1, 1, 2, 3),
})

/** Enough padding at the end for one window. */
const padToFit = (input: number, { kernel, dilation, start, end, ...rest }: AxisChoice): AxisChoice => {
  const missing = dilation * (kernel - 1) + 1 - input - start - end
  return { kernel, dilation, start, end: end + Math.max(0, missing), ...rest }
}

const window2d = (height: number, width: number, y: AxisChoice, x: AxisChoice) => {
  const [v, h] = [padToFit(height, y), padToFit(width, x)]
  return {
    kernel: [v.kernel, h.kernel],
    stride: [v.stride, h.stride],
    dilation: [v.dilation, h.dilation],
    padding: { top: v.start, bottom: v.end, left: h.start, right: h.end },
  } as const
}

const conv2dCases: Cases = fc
  .record({
    height: size,
    width: size,
    y: axis,
    x: axis,
    inPerGroup: channels,
    outPerGroup: channels,
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    bias: fc.boolean(),
    flip: fc.boolean(),
  })
  .filter(
    ({ inPerGroup, outPerGroup, groups, y, x }) => inPerGroup * outPerGroup * groups * y.kernel * x.kernel < 12000,
  )
  .map(({ height, width, y, x, inPerGroup, outPerGroup, groups, bias, flip }) => {
    const options = { ...window2d(height, width, y, x), groups, bias, flip }
    return {
      inputs: { input: [height, width, inPerGroup * groups] },
      net: sequential(conv2d(outPerGroup * groups, options) as never),
      options: { outChannels: outPerGroup * groups, ...options },
      algorithms: ['auto', 'direct', 'im2col', 'dot', ...WINOGRADS],
    }
  })

/** Kernels and strides that Winograd's algorithm has a form for. */
const winogradWindows: readonly { readonly kernel: readonly [number, number]; readonly stride: number }[] = [
  { kernel: [3, 3], stride: 1 },
  { kernel: [5, 5], stride: 1 },
  { kernel: [4, 4], stride: 1 },
  { kernel: [1, 7], stride: 1 },
  { kernel: [7, 1], stride: 1 },
  { kernel: [1, 3], stride: 1 },
  { kernel: [3, 1], stride: 1 },
  { kernel: [7, 7], stride: 2 },
  { kernel: [5, 5], stride: 2 },
  { kernel: [11, 11], stride: 4 },
]

const winogradCases: Cases = fc
  .record({
    height: int(1, 16),
    width: int(1, 16),
    padding: fc.tuple(int(0, 3), int(0, 3)),
    depth: channels,
    out: channels,
    window: fc.constantFrom(...winogradWindows),
    flip: fc.boolean(),
  })
  .filter(({ depth, out, window: { kernel } }) => depth * out * kernel[0] * kernel[1] < 12000)
  .map(({ height, width, padding, depth, out, window, flip }) => {
    const [top, left] = [Math.min(padding[0], window.kernel[0] - 1), Math.min(padding[1], window.kernel[1] - 1)]
    const [bottom, right] = [Math.max(0, window.kernel[0] - height), Math.max(0, window.kernel[1] - width)]
    const options = { ...window, padding: { top, bottom, left, right }, flip }
    return {
      inputs: { input: [height, width, depth] },
      net: sequential(conv2d(out, options) as never, relu6 as never),
      options: { outChannels: out, ...options },
      algorithms: ['auto', 'fast', ...WINOGRADS],
    }
  })

/** The last one has more transformed weights than threads keep a block of their own for. */
const wideGroupCases: Cases = fc
  .record({
    height: int(1, 9),
    width: int(1, 9),
    padding: int(1, 2),
    groups: int(2, 3),
    sizes: fc.constantFrom([24, 8], [25, 17], [32, 33], [33, 1], [64, 64]),
  })
  .map(({ height, width, padding, groups, sizes: [groupChannels, out] }) => {
    const options = { kernel: 3, padding, groups }
    return {
      inputs: { input: [height, width, groups * groupChannels] },
      net: sequential(conv2d(groups * out, options), relu6) as never,
      options: { outChannels: groups * out, ...options },
      algorithms: ['auto', ...WINOGRADS, 'direct'],
    }
  })

const depthwiseCases: Cases = fc
  .record({
    shape: image,
    y: axis,
    x: axis,
    multiplier: fc.constantFrom(1, 1, 2),
    bias: fc.boolean(),
    flip: fc.boolean(),
  })
  .map(({ shape: [height, width, depth], y, x, multiplier, bias, flip }) => {
    const options = { ...window2d(height, width, y, x), multiplier, bias, flip }
    return {
      inputs: { input: [height, width, depth] },
      net: sequential(depthwiseConv2d(options) as never),
      options,
      algorithms: multiplier === 1 ? ['auto', 'direct', 'im2col', 'depthwise', 'planes'] : ['auto', 'direct', 'im2col'],
    }
  })

const largeDepthwiseCases: Cases = fc
  .record({
    height: int(1, 20),
    width: int(1, 20),
    kernel: fc.tuple(int(7, 31), int(7, 31)),
    stride: fc.tuple(fc.constantFrom(1, 1, 2, 3, 17), fc.constantFrom(1, 1, 2, 3, 17)),
    start: fc.tuple(int(0, 31), int(0, 31)),
    end: fc.tuple(int(0, 31), int(0, 31)),
    depth: channels,
    flip: fc.boolean(),
  })
  .map(({ height, width, kernel, stride, start, end, depth, flip }) => {
    const choice = (axis: 0 | 1): AxisChoice => ({
      kernel: kernel[axis],
      stride: stride[axis],
      dilation: 1,
      start: Math.min(start[axis], kernel[axis]),
      end: Math.min(end[axis], kernel[axis]),
    })
    const options = { ...window2d(height, width, choice(0), choice(1)), flip }
    return {
      inputs: { input: [height, width, depth] },
      net: sequential(depthwiseConv2d(options) as never, silu),
      options,
      algorithms: ['auto', 'im2col', 'depthwise', 'planes', 'nested'],
    }
  })

const POINTWISE: AxisChoice = { kernel: 1, stride: 1, dilation: 1, start: 0, end: 0 }

const outputSize = (input: number, choice: AxisChoice): number => {
  const { kernel, stride, dilation, start, end } = padToFit(input, choice)
  return Math.floor((input + start + end - dilation * (kernel - 1) - 1) / stride) + 1
}

/** Expansions by 1 x 1, and stems that the engine does not compute by Winograd's algorithm. */
const expandCases: Cases = fc
  .record({
    height: size,
    width: size,
    stem: axis,
    isPointwise: fc.boolean(),
    y: axis,
    x: axis,
    depth: channels,
    expanded: channels,
    activation: fc.constantFrom(relu6, silu, hardSwish),
    flip: fc.boolean(),
  })
  .map(({ height, width, stem, isPointwise, y, x, depth, expanded, activation, flip }) => {
    const choice = isPointwise ? POINTWISE : { ...stem, stride: 2 }
    const options = { expand: window2d(height, width, choice, choice), activation, flip }
    const [rows, columns] = [outputSize(height, choice), outputSize(width, choice)]
    const depthwise = { ...window2d(rows, columns, y, x), flip }
    return {
      inputs: { input: [height, width, depth] },
      net: sequential(
        ...([conv2d(expanded, options.expand), batchNorm(), activation] as const),
        ...([depthwiseConv2d(depthwise), activation] as const),
      ) as never,
      options: { expanded, depthwise, ...options },
      algorithms: ['fused', 'auto', 'depthwise'],
    }
  })

const groupedCases: Cases = fc
  .record({
    height: size,
    width: size,
    y: axis,
    x: axis,
    groupChannels: fc.constantFrom(2, 4, 8, 16),
    groups: int(2, 9),
    bias: fc.boolean(),
    flip: fc.boolean(),
  })
  .map(({ height, width, y, x, groupChannels, groups, bias, flip }) => {
    const depth = groupChannels * groups
    const options = { ...window2d(height, width, y, x), groups, bias, flip }
    return {
      inputs: { input: [height, width, depth] },
      net: sequential(conv2d(depth, options) as never, silu),
      options: { outChannels: depth, ...options },
      algorithms: ['auto', 'direct', 'im2col', 'grouped'],
    }
  })

const conv1dCases: Cases = fc
  .record({ length: int(1, 60), choice: axis, kernel: int(1, 10), depth: channels, out: channels })
  .map(({ length, choice, kernel, depth, out }) => {
    const { start, end, ...rest } = padToFit(length, { ...choice, kernel })
    return {
      inputs: { input: [length, depth] },
      net: sequential(conv1d(out, { ...rest, padding: { left: start, right: end } }) as never),
      algorithms: ['auto', 'direct', 'im2col', 'dot'],
    }
  })

const denseCases: Cases = fc
  .record({ features: fc.oneof(channels, int(1, 300)), out: fc.oneof(channels, int(1, 200)), bias: fc.boolean() })
  .map(({ features, out, bias }) => ({ inputs: { input: [features] }, net: sequential(dense(out, { bias })) }))

const flattenDenseCases: Cases = fc
  .record({ shape: fc.tuple(int(1, 5), int(1, 5), channels), out: channels })
  .map(({ shape, out }) => ({ inputs: { input: shape }, net: sequential(flatten, dropout(), dense(out) as never) }))

/** PyTorch allows padding up to half the kernel. */
const poolAxis = axis.map(({ kernel, stride, dilation, start, end }) => {
  const half = Math.floor((dilation * (kernel - 1) + 1) / 2)
  return { kernel, stride, dilation, start: Math.min(start, half), end: Math.min(end, half) }
})

const pool2dCases: Cases = fc
  .record({
    extra: fc.tuple(int(0, 9), int(0, 9)),
    depth: channels,
    y: poolAxis,
    x: poolAxis,
    ceil: fc.boolean(),
    countIncludePad: fc.boolean(),
    isMax: fc.boolean(),
  })
  .map(({ extra, depth, y, x, ceil, countIncludePad, isMax }) => {
    const dilate = (choice: AxisChoice) => (isMax ? choice : { ...choice, dilation: 1, ...halved(choice) })
    const [v, h] = [dilate(y), dilate(x)]
    const reach = ({ kernel, dilation }: AxisChoice) => dilation * (kernel - 1) + 1
    const padding = { top: v.start, bottom: v.end, left: h.start, right: h.end }
    const window = { kernel: [v.kernel, h.kernel], stride: [v.stride, h.stride], padding, ceil } as const
    return {
      inputs: { input: [reach(v) + extra[0], reach(h) + extra[1], depth] },
      net: sequential(
        (isMax
          ? maxPool2d({ ...window, dilation: [v.dilation, h.dilation] })
          : avgPool2d({ ...window, countIncludePad })) as never,
      ),
    }
  })

function halved({ kernel, start, end }: AxisChoice): Pick<AxisChoice, 'start' | 'end'> {
  const half = Math.floor(kernel / 2)
  return { start: Math.min(start, half), end: Math.min(end, half) }
}

const pool1dCases: Cases = fc
  .record({ length: int(5, 40), depth: channels, kernel: int(1, 5), stride: int(1, 3), isMax: fc.boolean() })
  .map(({ length, depth, kernel, stride, isMax }) => {
    const window = { kernel, stride, padding: Math.floor(kernel / 2) }
    return {
      inputs: { input: [length, depth] },
      net: sequential((isMax ? maxPool1d(window) : avgPool1d(window)) as never),
    }
  })

const adaptiveCases: Cases = net(
  image,
  fc
    .record({ out: fc.tuple(int(1, 7), int(1, 7)), isMax: fc.boolean() })
    .map(({ out, isMax }) => sequential((isMax ? adaptiveMaxPool2d(out) : adaptiveAvgPool2d(out)) as never)),
)

const globalCases = net(image, fc.constantFrom(globalAvgPool(), globalMaxPool()))

const constantCases: Cases = fc.record({ shape: anyShape, seed: fc.nat(99) }).map(({ shape, seed }) => {
  const data = Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => Math.sin(i + seed))
  const stored = constant(new Tensor(data, shape))
  return { inputs: { input: shape }, net: (x: Sym<number[]>) => add(x, relu(stored(x))) }
})

const families: Record<string, Cases> = {
  'conv2d, grouped or not': conv2dCases,
  'conv2d by Winograd': winogradCases,
  'conv2d, 3 x 3 of wide groups': wideGroupCases,
  'conv2d, narrow groups': groupedCases,
  depthwiseConv2d: depthwiseCases,
  'depthwiseConv2d, large kernels': largeDepthwiseCases,
  'conv2d, then depthwiseConv2d': expandCases,
  conv1d: conv1dCases,
  dense: denseCases,
  'flatten, then dense': flattenDenseCases,
  'maxPool2d, avgPool2d': pool2dCases,
  'maxPool1d, avgPool1d': pool1dCases,
  'adaptive pooling': adaptiveCases,
  'global pooling': globalCases,
  batchNorm: net(anyShape, fc.constant(sequential(batchNorm({ eps: 1e-3 })))),
  flatten: net(image, fc.constant(flatten)),
  constant: constantCases,
  ...channelFamilies,
  ...convFamilies,
  ...adaptiveConvFamilies,
  ...poolFamilies,
  ...movingFamilies,
  ...arithmeticFamilies,
  ...sequenceFamilies,
}

/** Registers the sweep; `runs` is how many cases each operator gets. */
export async function sweepOperators(isa: Isa, runs: number): Promise<void> {
  const isRunnable = await forceIsa(isa)
  describe.skipIf(!isRunnable)(`operators on ${isa}`, () => {
    test('the ISA that was asked for is active', () => {
      expect(engineInfo().isa).toBe(isa)
    })

    for (const [name, cases] of Object.entries(families)) {
      test(name, () => sweep(cases, runs, fc.constant(undefined)))
      test(`${name}: NaN, infinities and denormals`, () => sweep(cases, Math.ceil(runs / 3), fc.constant(SPECIALS)))
    }

    test('random networks', () =>
      fc.assert(
        fc.asyncProperty(graphCase(), async ({ graph, parameters, inputs, batch }) => {
          const session = await sessionOf(graph, parameters, { threads: 2 })
          const expected = evaluateGraph(graph, parameters, inputs, batch, { winogradOutputs: 4 })
          const outputs = await session.run(tensorsFor(graph, inputs, batch))
          for (const [name, reference] of Object.entries(expected)) {
            expectWithin((outputs[name] as Tensor).data, reference as RefTensor)
          }
          session.dispose()
        }),
        { numRuns: runs },
      ))
  })
}

async function sweep(cases: Cases, runs: number, specials: fc.Arbitrary<readonly number[] | undefined>): Promise<void> {
  const cased = fc.record({ net: cases, batch: int(1, 3), seed: fc.nat(), specials })
  await fc.assert(
    fc.asyncProperty(cased, ({ net: chosen, ...rest }) => checkNet({ ...chosen, ...rest })),
    { numRuns: runs },
  )
}
