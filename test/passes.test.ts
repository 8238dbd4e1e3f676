import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnyNode, Graph } from '../lib/graph/graph.js'
import { foldBatchNorm } from '../lib/graph/passes/fold-batch-norm.js'
import { foldConstants } from '../lib/graph/passes/fold-constants.js'
import { foldFlatten } from '../lib/graph/passes/fold-flatten.js'
import { foldLayerScale } from '../lib/graph/passes/fold-layer-scale.js'
import { fuseActivation } from '../lib/graph/passes/fuse-activation.js'
import { fuseResidual } from '../lib/graph/passes/fuse-residual.js'
import { fuseShuffle } from '../lib/graph/passes/fuse-shuffle.js'
import { optimize, PASSES } from '../lib/graph/passes/index.js'
import { removeDeadValues } from '../lib/graph/passes/remove-dead-values.js'
import { removeIdentities } from '../lib/graph/passes/remove-identities.js'
import { graphCase } from './support/arbitraries.js'
import { GraphBuilder } from './support/graph-builder.js'
import { evaluateGraph, type ParameterMap } from './support/reference.js'

const ops = (graph: Graph): readonly string[] => graph.nodes.map((node) => node.op)
const only = (graph: Graph): AnyNode => {
  expect(graph.nodes).toHaveLength(1)
  return graph.nodes[0] as AnyNode
}
const image = [4, 4, 3]
const padded = { kernel: [3, 3], padStart: [1, 1] }

/** Float64 arithmetic in another order: a few units in the last place, grown by cancellation. */
const REORDERING = 1e-9

function expectSameMeaning(
  before: Graph,
  after: Graph,
  parameters: ParameterMap,
  inputs: Record<string, Float32Array>,
  batch: number,
) {
  const expected = evaluateGraph(before, parameters, inputs, batch)
  const actual = evaluateGraph(after, parameters, inputs, batch)
  expect(Object.keys(actual)).toEqual(Object.keys(expected))
  for (const [name, { data }] of Object.entries(expected)) {
    data.forEach((value, i) => {
      const got = actual[name]?.data[i] as number
      expect(Math.abs(got - value), `${name}[${i}]`).toBeLessThanOrEqual(REORDERING * (1 + Math.abs(value)))
    })
  }
}

describe('every pass keeps the meaning of a graph', () => {
  const evaluate = (parameters: ParameterMap) => (graph: Graph) =>
    Object.values(evaluateGraph(graph, parameters, {})).map(({ data }) => Float32Array.from(data))

  for (const pass of new Set([...PASSES, optimize])) {
    test(pass.name, () => {
      fc.assert(
        fc.property(graphCase(), ({ graph, parameters, inputs, batch }) => {
          expectSameMeaning(graph, pass(graph), parameters, inputs, batch)
        }),
        { numRuns: 60 },
      )
    })
  }

  test('foldConstants', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph, parameters, inputs, batch }) => {
        const folded = foldConstants(graph, evaluate(parameters))
        const known = (value: number) => folded.constants.has(value)
        expect(folded.nodes.filter((node) => node.inputs.every(known))).toEqual([])
        const before = evaluateGraph(graph, parameters, inputs, batch)
        const after = evaluateGraph(folded, parameters, inputs, batch)
        for (const [name, { data, error }] of Object.entries(before)) {
          data.forEach((value, i) => {
            const allowed = (error[i] as number) + (after[name]?.error[i] as number) + 1e-6 * Math.abs(value)
            expect(Math.abs((after[name]?.data[i] as number) - value)).toBeLessThanOrEqual(allowed)
          })
        }
      }),
      { numRuns: 60 },
    )
  })

  test('the optimised graph is a fixed point', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph }) => {
        const once = optimize(graph)
        expect(optimize(once)).toEqual(once)
      }),
      { numRuns: 60 },
    )
  })
})

describe('fuseShuffle', () => {
  test('reads the parts of a concat that nobody else reads', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 2, 6])
    const y = b.input('y', [2, 2, 3])
    const graph = fuseShuffle(b.finish({ z: b.channelShuffle(b.concat(x, y), 3) }))
    expect(only(graph)).toMatchObject({ op: 'channelShuffle', inputs: [x, y] })
  })

  test('keeps a concat of parts of groups, and one that is read twice', () => {
    const b = new GraphBuilder()
    const [x, y] = [b.input('x', [2, 2, 4]), b.input('y', [2, 2, 2])]
    expect(ops(fuseShuffle(b.finish({ z: b.channelShuffle(b.concat(x, y), 2) })))).toEqual(['concat', 'channelShuffle'])
    const both = b.concat(x, x)
    expect(ops(fuseShuffle(b.finish({ z: b.channelShuffle(both, 2), both })))).toContain('concat')
  })
})

describe('removeIdentities', () => {
  test('reads through dropout, a concat of one and the flatten of a vector', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [5])
    const y = b.activation(b.flatten(b.concat(b.identity(b.identity(x)))))
    const graph = removeIdentities(b.finish({ y, same: b.identity(x) }))
    expect(only(graph).inputs).toEqual([x])
    expect(graph.outputs).toEqual([
      { name: 'y', value: y },
      { name: 'same', value: x },
    ])
  })

  test('reads through a slice of everything and a shuffle of one group', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const y = b.activation(b.channelShuffle(b.slice(x, 0, 3), 1))
    expect(ops(removeIdentities(b.finish({ y })))).toEqual(['activation'])
    expect(ops(removeIdentities(b.finish({ y: b.channelShuffle(b.slice(x, 0, 2), 2) })))).toContain('slice')
  })

  test('keeps a flatten that reorders and a concat of two', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 2, 3])
    const graph = removeIdentities(b.finish({ y: b.flatten(b.concat(x, x)) }))
    expect(ops(graph)).toEqual(['concat', 'flatten'])
  })
})

describe('foldConstants', () => {
  test('evaluates in one go what depends on constants only', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [3])
    const c = b.constant([3])
    const sum = b.add(b.activation(c), c)
    const graph = b.finish({ y: b.add(x, sum), sum })
    const seen: Graph[] = []
    const folded = foldConstants(graph, (part) => {
      seen.push(part)
      return [Float32Array.of(1, 2, 3)]
    })
    expect(seen.map(ops)).toEqual([['activation', 'add']])
    expect(seen[0]?.inputs).toEqual([])
    expect(seen[0]?.outputs.map(({ value }) => value)).toEqual([sum])
    expect(only(folded).inputs).toEqual([x, sum])
    expect(folded.constants.get(sum)).toEqual(Float32Array.of(1, 2, 3))
  })

  test('evaluates nothing when nothing is constant', () => {
    const b = new GraphBuilder()
    const c = b.constant([3])
    const graph = b.finish({ y: b.add(b.input('x', [3]), c) })
    const folded = foldConstants(graph, () => {
      throw new Error('nothing to evaluate')
    })
    expect(folded).toBe(graph)
  })
})

describe('foldFlatten', () => {
  test('a dense layer over a flattened image is a convolution with the whole image as kernel', () => {
    const b = new GraphBuilder()
    const graph = foldFlatten(b.finish({ y: b.dense(b.flatten(b.input('x', [2, 5, 3])), 7) }))
    const node = graph.nodes.at(-1)
    expect(node).toMatchObject({ op: 'conv', inputs: [0], attributes: { kernel: [2, 5], outChannels: 7, groups: 1 } })
    expect(graph.values[node?.output ?? -1]?.shape).toEqual([7])
  })

  test('a flatten that others read stays for them', () => {
    const b = new GraphBuilder()
    const flat = b.flatten(b.input('x', [2, 5, 3]))
    const graph = removeDeadValues(foldFlatten(b.finish({ y: b.dense(flat, 7), flat })))
    expect(ops(graph)).toEqual(['flatten', 'conv'])
  })

  test('leaves a dense layer alone that reads no flatten, or one with an operation between', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [2, 5, 3])
    const graph = foldFlatten(b.finish({ y: b.dense(b.activation(b.flatten(x)), 7), z: b.dense(x, 2) }))
    expect(ops(graph)).toEqual(['flatten', 'activation', 'dense', 'dense'])
  })
})

describe('foldBatchNorm', () => {
  test('moves the statistics into the conv or dense before it', () => {
    for (const layer of ['conv', 'dense'] as const) {
      const b = new GraphBuilder()
      const x = b.input('x', image)
      const y = b.batchNorm(layer === 'conv' ? b.conv(x, 8, padded) : b.dense(x, 8))
      const node = only(foldBatchNorm(b.finish({ y })))
      expect(node).toMatchObject({ op: layer, output: y, foldedNorm: { eps: 1e-5 } })
      expect(Object.keys(node.foldedNorm?.parameters ?? {}).toSorted()).toEqual([
        'bias',
        'runningMean',
        'runningVar',
        'weight',
      ])
    }
  })

  test('takes the epilogue of the norm along', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const y = b.activation(b.add(b.batchNorm(b.conv(x, 3, padded)), x))
    const graph = foldBatchNorm(fuseResidual(fuseActivation(b.finish({ y }))))
    const node = only(graph)
    expect(node).toMatchObject({
      op: 'conv',
      inputs: [x, x],
      attributes: { residual: true, activation: { kind: 'relu' } },
    })
    expect(node.foldedNorm).toBeDefined()
  })

  const unchanged: Record<string, (b: GraphBuilder, x: number) => Record<string, number>> = {
    'another reader of the convolution': (b, x) => {
      const c = b.conv(x, 8, padded)
      return { y: b.batchNorm(c), z: b.activation(c) }
    },
    'a convolution that is an output itself': (b, x) => {
      const c = b.conv(x, 8, padded)
      return { y: b.batchNorm(c), c }
    },
    'an activation between': (b, x) => ({ y: b.batchNorm(b.activation(b.conv(x, 8, padded))) }),
    'a pooling between': (b, x) => ({ y: b.batchNorm(b.pool('maxPool', b.conv(x, 8, padded), { kernel: [2, 2] })) }),
    'a norm of the input': (b, x) => ({ y: b.conv(b.batchNorm(x), 8, padded) }),
  }
  for (const [what, build] of Object.entries(unchanged)) {
    test(`not past ${what}`, () => {
      const b = new GraphBuilder()
      const graph = b.finish(build(b, b.input('x', image)))
      expect(foldBatchNorm(graph).nodes).toEqual(graph.nodes)
    })
  }

  test('not into a convolution whose activation is fused already, nor a second norm', () => {
    const b = new GraphBuilder()
    const graph = fuseActivation(b.finish({ y: b.batchNorm(b.activation(b.conv(b.input('x', image), 8, padded))) }))
    expect(ops(foldBatchNorm(graph))).toEqual(['conv', 'batchNorm'])
    const twice = new GraphBuilder()
    const c = twice.conv(twice.input('x', image), 8, padded)
    const folded = foldBatchNorm(twice.finish({ y: twice.batchNorm(twice.batchNorm(c)) }))
    expect(ops(folded)).toEqual(['conv', 'batchNorm'])
  })
})

describe('foldLayerScale', () => {
  test.each(['conv', 'dense'])('into a %s that it alone reads', (op) => {
    const b = new GraphBuilder()
    const x = b.input('x', op === 'conv' ? image : [3])
    const y = b.layerScale(op === 'conv' ? b.conv(x, 8, padded) : b.dense(x, 8))
    const node = only(foldLayerScale(b.finish({ y })))
    expect(node).toMatchObject({ op, output: y, foldedScale: { path: 'layerScale1.scale', shape: [8, 1, 1] } })
  })

  test('not with a bias, behind an activation, a norm or a value with another reader', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const shared = b.conv(x, 8, padded)
    const biased = b.layerScale(b.conv(x, 8, padded), { bias: true })
    const active = b.layerScale(b.activation(b.conv(x, 8, padded)))
    const graph = b.finish({
      a: b.layerScale(b.batchNorm(b.conv(x, 8, padded))),
      b: b.layerScale(shared),
      shared,
      active,
      biased,
    })
    const folded = foldLayerScale(fuseActivation(foldBatchNorm(graph)))
    expect(folded.nodes.filter((node) => node.op === 'layerScale')).toHaveLength(4)
    expect(folded.nodes.some((node) => node.foldedScale)).toBe(false)
  })

  test('a scaled convolution takes a residual, but no norm', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const node = only(optimize(b.finish({ y: b.add(b.layerScale(b.conv(x, 3, padded)), x) })))
    expect(node).toMatchObject({ op: 'conv', inputs: [x, x], attributes: { residual: true } })
    const c = new GraphBuilder()
    const y = c.batchNorm(c.layerScale(c.conv(c.input('x', image), 3, padded)))
    expect(ops(foldBatchNorm(foldLayerScale(c.finish({ y }))))).toEqual(['conv', 'batchNorm'])
  })
})

describe('fuseActivation', () => {
  const x = (b: GraphBuilder) => b.input('x', image)
  const producers: Record<string, (b: GraphBuilder) => number> = {
    conv: (b) => b.conv(x(b), 8, padded),
    dense: (b) => b.dense(x(b), 8),
    batchNorm: (b) => b.batchNorm(x(b)),
    layerScale: (b) => b.layerScale(x(b)),
    add: (b) => b.add(x(b), b.constant(image)),
    binary: (b) => b.multiply(x(b), b.constant(image)),
  }
  for (const [op, make] of Object.entries(producers)) {
    test(`into ${op}`, () => {
      const b = new GraphBuilder()
      const y = b.activation(make(b), { kind: 'clamp', min: 0, max: 6 })
      const node = only(fuseActivation(b.finish({ y })))
      expect(node).toMatchObject({ op, output: y, attributes: { activation: { kind: 'clamp', min: 0, max: 6 } } })
    })
  }

  test('one activation only, not into pooling, not when the plain value has another reader', () => {
    const b = new GraphBuilder()
    const c = b.conv(x(b), 8, padded)
    const twice = b.activation(b.activation(c), { kind: 'tanh' })
    const pooled = b.activation(b.pool('avgPool', twice, { kernel: [2, 2] }))
    const shared = b.batchNorm(pooled)
    const graph = b.finish({ y: b.activation(shared), shared })
    expect(ops(fuseActivation(graph))).toEqual([
      'conv',
      'activation',
      'avgPool',
      'activation',
      'batchNorm',
      'activation',
    ])
  })
})

describe('fuseResidual', () => {
  test('adds in the layer that computes the first operand, with the activation behind', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const y = b.activation(b.add(b.conv(x, 3, padded), x))
    const node = only(fuseResidual(fuseActivation(b.finish({ y }))))
    expect(node).toMatchObject({
      op: 'conv',
      inputs: [x, x],
      output: y,
      attributes: { residual: true, activation: { kind: 'relu' } },
    })
  })

  test('either operand may be the layer, and it then runs after the other', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const early = b.conv(x, 3, padded)
    const other = b.activation(x)
    const graph = fuseResidual(b.finish({ y: b.add(other, early) }))
    expect(graph.nodes.map((node) => [node.op, node.inputs])).toEqual([
      ['activation', [x]],
      ['conv', [x, other]],
    ])
  })

  test('of two layers one takes the other as residual', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const main = b.conv(x, 8, padded)
    const shortcut = b.conv(x, 8, { kernel: [1, 1] })
    const graph = fuseResidual(b.finish({ y: b.add(main, shortcut) }))
    expect(graph.nodes.map((node) => node.inputs)).toEqual([[x], [x, shortcut]])
  })

  test('a product takes a residual of its own shape, and never an operand of it for one', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const gate = b.input('gate', [1, 1, 3])
    const node = only(fuseResidual(b.finish({ y: b.add(b.multiply(gate, x), x) })))
    expect(node).toMatchObject({ op: 'binary', inputs: [gate, x, x], attributes: { residual: true } })
    const c = new GraphBuilder()
    const z = c.input('z', image)
    const graph = fuseResidual(fuseActivation(c.finish({ y: c.multiply(c.conv(z, 3, padded), z) })))
    expect(graph.nodes.map(({ op, attributes }) => [op, 'residual' in attributes])).toEqual([
      ['conv', false],
      ['binary', false],
    ])
  })

  const unchanged: Record<string, (b: GraphBuilder, x: number) => Record<string, number>> = {
    'an activation between layer and add': (b, x) => ({ y: b.add(b.activation(b.conv(x, 3, padded)), x) }),
    'another reader of the layer': (b, x) => {
      const c = b.conv(x, 3, padded)
      return { y: b.add(c, x), c }
    },
    'a layer added to itself': (b, x) => {
      const c = b.conv(x, 3, padded)
      return { y: b.add(c, c) }
    },
    'operands that no layer computes': (b, x) => ({ y: b.add(b.softmax(x), x) }),
  }
  for (const [what, build] of Object.entries(unchanged)) {
    test(`not with ${what}`, () => {
      const b = new GraphBuilder()
      const graph = b.finish(build(b, b.input('x', image)))
      expect(fuseResidual(fuseActivation(graph)).nodes.some((node) => node.op === 'add')).toBe(true)
      expect(fuseResidual(graph).nodes.some((node) => 'residual' in node.attributes)).toBe(false)
    })
  }

  test('a layer takes one residual; a second add stays', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    const graph = fuseResidual(b.finish({ y: b.add(b.add(b.conv(x, 3, padded), x), x) }))
    expect(ops(graph)).toEqual(['conv', 'add'])
  })
})

describe('removeDeadValues', () => {
  test('drops what no output needs and numbers the rest anew, but keeps the inputs', () => {
    const b = new GraphBuilder()
    const x = b.input('x', image)
    b.input('unused', [7])
    b.activation(b.softmax(x))
    b.constant(image)
    const c = b.constant(image)
    const graph = removeDeadValues(b.finish({ y: b.add(x, c) }))
    expect(graph.values.map(({ shape }) => shape)).toEqual([image, [7], image, image])
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'unused'])
    expect(only(graph)).toMatchObject({ op: 'add', inputs: [0, 2], output: 3 })
    expect([...graph.constants.keys()]).toEqual([2])
    expect(graph.outputs).toEqual([{ name: 'y', value: 3 }])
  })
})
