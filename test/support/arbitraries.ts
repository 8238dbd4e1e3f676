/** Random graphs for property tests. They shrink well: dropping a choice drops a node. */

import fc from 'fast-check'
import type { Activation } from '../../lib/graph/activation.js'
import type { Graph, ValueId } from '../../lib/graph/graph.js'
import { GraphBuilder, product } from './graph-builder.js'
import { randomSource, randomValues } from './random.js'
import type { ParameterMap } from './reference.js'

export interface GraphCase {
  readonly graph: Graph
  readonly parameters: ParameterMap
  readonly batch: number
  readonly inputs: Readonly<Record<string, Float32Array>>
}

export const activations: readonly Activation[] = [
  { kind: 'relu' },
  { kind: 'clamp', min: 0, max: 6 },
  { kind: 'leakyRelu', negativeSlope: 0.1 },
  { kind: 'elu', alpha: 1.5 },
  { kind: 'selu' },
  { kind: 'celu', alpha: 0.5 },
  { kind: 'sigmoid' },
  { kind: 'hardSigmoid' },
  { kind: 'tanh' },
  { kind: 'silu' },
  { kind: 'hardSwish' },
  { kind: 'gelu' },
  { kind: 'geluTanh' },
  { kind: 'mish' },
  { kind: 'softplus', beta: 2 },
  { kind: 'softsign' },
  { kind: 'abs' },
  { kind: 'linear', scale: -0.5, shift: 0.25 },
]

interface Choice {
  readonly step: number
  readonly first: number
  readonly second: number
  readonly variant: number
}

/** The largest value that a random graph makes, in elements of one image. */
const LARGEST_VALUE = 2000

type Step = (
  b: GraphBuilder,
  x: ValueId,
  other: (fits: (shape: readonly number[]) => boolean) => ValueId,
  variant: number,
) => ValueId | undefined

const isImage = (b: GraphBuilder, x: ValueId) => b.shapeOf(x).length === 3
const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

const repeats = (small: readonly number[], large: readonly number[]) =>
  small.length <= large.length &&
  small.every((size, i) => size === 1 || size === large[i - small.length + large.length])

const steps: readonly Step[] = [
  (b, x, _, variant) => {
    if (!isImage(b, x)) return b.dense(x, 1 + (variant % 20))
    const channels = b.shapeOf(x).at(-1) as number
    return pick(
      [
        () => b.conv(x, 1 + (variant % 18), { kernel: [1, 1] }),
        () => b.conv(x, 1 + (variant % 7), { kernel: [3, 3], padStart: [1, 1] }),
        () => b.conv(x, 4, { kernel: [3, 2], stride: [2, 1], padStart: [1, 0], padEnd: [2, 1] }, { bias: false }),
        () => b.conv(x, channels, { kernel: [3, 3], padStart: [1, 1] }, { groups: channels }),
        () =>
          b.conv(x, channels, { kernel: [3, 3], padStart: [1, 1] }, { groups: channels % 2 === 0 ? channels / 2 : 1 }),
        () => b.conv(x, channels * 2, { kernel: [1, 3], padStart: [0, 2], dilation: [1, 2] }, { groups: channels }),
        () => b.conv(x, channels, { kernel: [3, 3], padStart: [1, 1] }, { bias: false }),
        () => b.convTranspose(x, 1 + (variant % 6)),
      ],
      variant,
    )()
  },
  (b, x, _, variant) => b.batchNorm(x, variant % 2 === 0),
  (b, x, _, variant) => b.activation(x, pick(activations, variant)),
  (b, x, other) =>
    b.add(
      x,
      other((shape) => shape.join() === b.shapeOf(x).join()),
    ),
  (b, x, other, variant) => {
    const shape = b.shapeOf(x)
    const y = other((candidate) => repeats(candidate, shape) || repeats(shape, candidate))
    return variant % 2 === 0 ? b.multiply(x, y) : b.multiply(y, x)
  },
  (b, x, other, variant) => {
    const spatial = b.shapeOf(x).slice(0, -1).join()
    const parts = Array.from({ length: 1 + (variant % 3) }, () =>
      other((shape) => shape.slice(0, -1).join() === spatial),
    )
    return b.concat(x, ...parts)
  },
  (b, x, _, variant) =>
    isImage(b, x)
      ? b.pool(
          pick(['maxPool', 'avgPool'] as const, variant),
          x,
          pick(
            [
              { kernel: [2, 2], stride: [2, 2], padStart: [1, 1] },
              { kernel: [3, 3], stride: [1, 1], padStart: [1, 1] },
              { kernel: [1, 2], stride: [2, 1], padStart: [0, 1], padEnd: [0, 0] },
            ],
            variant,
          ),
          { ceil: variant % 5 === 0, count: variant % 3 === 0 },
        )
      : undefined,
  (b, x, _, variant) =>
    isImage(b, x)
      ? b.adaptivePool(
          pick(['adaptiveMaxPool', 'adaptiveAvgPool'] as const, variant),
          x,
          pick(
            [
              [1, 1],
              [2, 3],
            ],
            variant >> 1,
          ),
        )
      : undefined,
  (b, x) => b.flatten(x),
  (b, x) => b.identity(x),
  (b, x) => b.localResponseNorm(x),
  (b, x) => b.softmax(x),
  (b, x) => b.constant(b.shapeOf(x)),
  (b, x) => b.parameter(b.shapeOf(x)),
  (b, x) => b.logSoftmax(x),
  (b, x) => b.layerNorm(x),
  (b, x) => b.layerScale(x),
  (b, x, _, variant) => b.prelu(x, variant % 2 === 0),
  (b, x, _, variant) => {
    const channels = b.shapeOf(x).at(-1) as number
    const start = variant % channels
    return b.slice(x, start, start + 1 + ((variant >> 4) % (channels - start)))
  },
  (b, x, _, variant) => {
    const channels = b.shapeOf(x).at(-1) as number
    const middle = 1 + (variant % Math.max(1, channels - 1))
    if (channels === 1) return undefined
    const [left, right] = [b.slice(x, 0, middle), b.slice(x, middle, channels)]
    return pick(
      [() => b.concat(left, right, x), () => b.concat(right, left), () => b.concat(left, b.activation(right))],
      variant,
    )()
  },
  (b, x, _, variant) => {
    const channels = b.shapeOf(x).at(-1) as number
    const divisors = Array.from({ length: channels }, (_, i) => i + 1).filter((count) => channels % count === 0)
    return variant % 3 === 0 ? b.groupNorm(x, pick(divisors, variant)) : b.channelShuffle(x, pick(divisors, variant))
  },
  (b, x, other, variant) => {
    if (!isImage(b, x)) return undefined
    const shape = b.shapeOf(x).join()
    return pick(
      [
        () => b.swapAxes(x),
        () => b.reverseAndPad(x, 0.5),
        () => b.blend(x),
        () =>
          b.reduce(
            x,
            pick(['mean', 'sum', 'max', 'min', 'l1'] as const, variant),
            pick([[0], [1], [2], [0, 1], [0, 1, 2]], variant >> 3),
          ),
        () =>
          b.matmul(
            x,
            other((candidate) => candidate.join() === shape),
          ),
      ],
      variant,
    )()
  },
]

const choice: fc.Arbitrary<Choice> = fc.record({
  step: fc.nat(steps.length - 1),
  first: fc.nat(30),
  second: fc.nat(30),
  variant: fc.nat(1000),
})

/** A random graph with its parameters, inputs and batch size. */
export function graphCase(maxNodes = 14): fc.Arbitrary<GraphCase> {
  return fc
    .record({
      seed: fc.nat(),
      batch: fc.integer({ min: 1, max: 2 }),
      size: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 })),
      choices: fc.array(choice, { minLength: 1, maxLength: maxNodes }),
      outputs: fc.array(fc.nat(30), { maxLength: 2 }),
    })
    .map(({ seed, batch, size, choices, outputs }) => {
      const b = new GraphBuilder(seed)
      const pool = [b.input('image', size), b.input('other', size)]
      for (const { step, first, second, variant } of choices) {
        // Values made last are likelier, so that graphs grow deep.
        const x = pool[Math.max(0, pool.length - 1 - ((first % pool.length) >> 1))] as ValueId
        let turn = second
        const other = (fits: (shape: readonly number[]) => boolean) => {
          const fitting = pool.filter((value) => fits(b.shapeOf(value)))
          return pick(fitting, turn++)
        }
        const value = pick(steps, step)(b, x, other, variant)
        if (value !== undefined && product(b.shapeOf(value)) <= LARGEST_VALUE) pool.push(value)
      }
      const chosen = [pool.at(-1) as ValueId, ...outputs.map((index) => pick(pool, index))]
      const graph = b.finish(Object.fromEntries(chosen.map((value, i) => [`output${i}`, value])))
      const random = randomSource(seed + 1)
      const inputs = Object.fromEntries(
        ['image', 'other'].map((name) => [name, randomValues(batch * product(size), random)]),
      )
      return { graph, parameters: b.parameters, batch, inputs }
    })
}
