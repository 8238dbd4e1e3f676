import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Graph } from '../lib/graph/graph.js'
import { fuseConvolutions, optimize } from '../lib/graph/passes/index.js'
import { lower, type PlanOptions } from '../lib/graph/plan.js'
import type { PlanSpec } from '../lib/graph/plan-spec.js'
import { graphCase } from './support/arbitraries.js'
import { GraphBuilder } from './support/graph-builder.js'
import { interpretPlan } from './support/plan-interpreter.js'
import { evaluateGraph, type ParameterMap } from './support/reference.js'
import { expectWithin } from './support/tolerance.js'

function planOf(graph: Graph, parameters: ParameterMap, options: Partial<PlanOptions> = {}): PlanSpec {
  return lower(graph, {
    batch: 1,
    layout: 'nhwc',
    scope: 'test',
    data: ({ path }) => parameters.get(path)?.data as Float32Array,
    ...options,
  })
}

const stepOps = (plan: PlanSpec) => plan.steps.map(({ op }) => op)

describe('a plan computes what its graph means, on an arena full of NaN', () => {
  for (const algorithm of ['auto', 'direct', 'im2col', 'depthwise', 'planes', 'nested', 'grouped', 'dot'] as const) {
    for (const isOptimized of [false, true]) {
      test(`${algorithm}, ${isOptimized ? 'optimised' : 'as traced'}`, () => {
        fc.assert(
          fc.property(graphCase(), ({ graph, parameters, inputs, batch }) => {
            const expected = evaluateGraph(graph, parameters, inputs, batch)
            const plan = planOf(isOptimized ? optimize(graph) : graph, parameters, { batch, algorithm })
            const actual = interpretPlan(plan, Object.values(inputs))
            graph.outputs.forEach(({ name }, i) => {
              expectWithin(actual[i] as Float64Array, expected[name] as NonNullable<(typeof expected)[string]>)
            })
          }),
          { numRuns: 40 },
        )
      })
    }
  }

  test('convolutions that are computed together', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph, parameters, inputs, batch }) => {
        const expected = evaluateGraph(graph, parameters, inputs, batch)
        const plan = planOf(fuseConvolutions(optimize(graph), 'everywhere'), parameters, { batch })
        const actual = interpretPlan(plan, Object.values(inputs))
        graph.outputs.forEach(({ name }, i) => {
          expectWithin(actual[i] as Float64Array, expected[name] as NonNullable<(typeof expected)[string]>)
        })
      }),
      { numRuns: 40 },
    )
  })

  test('a concat of inputs, constants and one value twice', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 2, 3])
    const y = b.input('y', [2, 2, 2])
    const graph = b.finish({ z: b.concat(x, b.constant([2, 2, 1]), y, x) })
    const inputs = {
      x: Float32Array.from({ length: 12 }, (_, i) => i),
      y: Float32Array.from({ length: 8 }, (_, i) => -i),
    }
    const plan = planOf(graph, b.parameters)
    expect(stepOps(plan)).toEqual(['input', 'input', 'constant', 'copy', 'output'])
    const expected = evaluateGraph(graph, b.parameters, inputs)
    expect(interpretPlan(plan, Object.values(inputs))[0]).toEqual(expected.z?.data)
  })
})

describe('slices', () => {
  test('are views of the value that they are cut from', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 2, 10])
    const right = b.slice(x, 4, 10)
    const y = b.conv(b.slice(right, 1, 4), 3, { kernel: [3, 3], padStart: [1, 1] })
    const plan = planOf(b.finish({ y, right }), b.parameters)
    expect(stepOps(plan)).toEqual(['input', 'output', 'conv', 'output'])
    const [whole, part] = [plan.views[x], plan.views[right]]
    expect(part).toEqual({ ...whole, offset: (whole?.offset ?? 0) + 4, shape: [1, 1, 2, 2, 6] })
    expect(whole?.halo).toEqual([0, 0, 1, 1, 1, 1])
  })

  test('of a whole value lie in a concat as that value', () => {
    const b = new GraphBuilder()
    const x = b.activation(b.input('x', [2, 2, 6]))
    const [left, right] = [b.slice(x, 0, 2), b.slice(x, 2, 6)]
    const y = b.concat(left, right, b.activation(right))
    const plan = planOf(b.finish({ y }), b.parameters)
    expect(stepOps(plan)).toEqual(['input', 'activation', 'activation', 'output'])
    expect(plan.views[x]?.offset).toBe(plan.views[y]?.offset)
  })

  test('that a concat wants elsewhere are copied', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 2, 6])
    const [left, right] = [b.slice(x, 0, 2), b.slice(x, 2, 6)]
    const plan = planOf(b.finish({ y: b.concat(right, left), z: b.concat(left, b.activation(right)) }), b.parameters)
    expect(stepOps(plan).filter((op) => op === 'copy')).toHaveLength(3)
  })
})

describe('lowering', () => {
  test('equal arguments give equal plans', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph, parameters, batch }) => {
        expect(planOf(graph, parameters, { batch })).toEqual(planOf(graph, parameters, { batch }))
      }),
      { numRuns: 20 },
    )
  })

  test('a padded convolution gives its input a halo as far as its taps reach', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [7, 8, 16])
    const y = b.conv(x, 4, { kernel: [3, 3], stride: [2, 2], padStart: [1, 1], dilation: [1, 2] })
    const { views } = planOf(b.finish({ y }), b.parameters)
    // Rows: outputs start at -1, 1, 3, 5 and reach 7, one beyond the image; columns: starts -1, 1, 3 and reaches 7.
    expect(views[x]?.halo).toEqual([0, 0, 1, 1, 1, 0])
    expect(views[x]?.strides).toEqual([9 * 9 * 16, 9 * 9 * 16, 9 * 16, 16])
    expect(views[x]?.offset).toBe(9 * 16 + 16)
  })

  test('padding that would make an image many times larger is gathered instead', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [16, 16, 256])
    const dilated = { kernel: [3, 3], padStart: [24, 24], dilation: [24, 24] }
    const plan = planOf(b.finish({ y: b.conv(x, 4, dilated) }), b.parameters)
    expect(plan.views[x]?.halo).toEqual([0, 0, 0, 0, 0, 0])
    expect(plan.steps[1]?.attributes.algorithm).toBe('im2col')
  })

  test('a pixel stride is never a multiple of 4 KiB', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 1024])
    const { views } = planOf(b.finish({ y: b.activation(x) }), b.parameters)
    expect(views[x]?.strides).toEqual([4 * 4 * 1040, 4 * 4 * 1040, 4 * 1040, 1040])
  })

  test('one-dimensional windows lie along w', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [10, 3])
    const y = b.conv(x, 4, { kernel: [5], stride: [2], padStart: [2] })
    const plan = planOf(b.finish({ y }), b.parameters, { batch: 2 })
    expect(plan.steps[1]?.attributes).toMatchObject({ kernel: [1, 1, 5], stride: [1, 1, 2], padStart: [0, 0, 2] })
    expect(plan.views[y]?.shape).toEqual([2, 1, 1, 5, 4])
    expect(plan.inputSizes).toEqual([2 * 10 * 3])
    expect(plan.outputSizes).toEqual([2 * 5 * 4])
  })

  test('a folded norm gives a scale, and a bias that holds its shift', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 2, 3])
    const graph = optimize(b.finish({ y: b.batchNorm(b.conv(x, 2, { kernel: [1, 1] })) }))
    const { parameters } = planOf(graph, b.parameters).steps[1] ?? {}
    const value = (path: string) => b.parameters.get(path)?.data as Float32Array
    const scale = [0, 1].map(
      (i) => (value('norm1.weight')[i] as number) / Math.sqrt((value('norm1.runningVar')[i] as number) + 1e-5),
    )
    expect(parameters?.weight?.data).toBe(value('conv0.weight'))
    expect(parameters?.scale?.data).toEqual(Float32Array.from(scale))
    const bias = scale.map(
      (s, i) =>
        ((value('conv0.bias')[i] as number) - (value('norm1.runningMean')[i] as number)) * s +
        (value('norm1.bias')[i] as number),
    )
    const merged = parameters?.bias?.data as Float32Array
    for (const [i, expected] of bias.entries()) expect(merged[i]).toBeCloseTo(expected, 6)
  })

  test('uses of one weight that are packed differently have different keys, equal uses the same', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 2])
    const plain = b.conv(x, 2, { kernel: [1, 1] })
    const graph = b.finish({
      plain,
      y: b.batchNorm(b.conv(x, 2, { kernel: [1, 1] })),
      z: b.conv(x, 2, { kernel: [1, 1] }),
    })
    const [first] = graph.nodes
    const shared = graph.nodes.map((node) =>
      node.op === 'conv' ? { ...node, parameters: first?.parameters ?? {} } : node,
    )
    const plan = planOf(optimize({ ...graph, nodes: shared } as Graph), b.parameters)
    const [a, folded, c] = plan.steps.filter(({ op }) => op === 'conv').map(({ parameters }) => parameters.weight?.key)
    expect(a).toBe(c)
    expect(folded).not.toBe(a)
  })

  test('an input that is an output, and an output under two names', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [3])
    const y = b.activation(x)
    const plan = planOf(b.finish({ x, y, again: y }), b.parameters, { layout: 'nchw' })
    expect(plan.steps.map(({ op, attributes }) => [op, attributes.index, attributes.layout])).toEqual([
      ['input', 0, 'nchw'],
      ['output', 0, 'nchw'],
      ['activation', undefined, undefined],
      ['output', 1, 'nchw'],
      ['output', 2, 'nchw'],
    ])
  })
})
