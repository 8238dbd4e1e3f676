import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  Im2colError,
  type Layer,
  maxPool2d,
  model,
  module,
  OptionError,
  relu,
  ShapeError,
  type Sym,
  sequential,
  Tensor,
  WeightsError,
} from '../lib/index.js'

const basicBlock = <const W extends number, const S extends number>(width: W, stride: S) => {
  const m = {
    conv1: conv2d(width, { kernel: 3, stride, padding: 1, bias: false }),
    bn1: batchNorm(),
    conv2: conv2d(width, { kernel: 3, padding: 1, bias: false }),
    bn2: batchNorm(),
    downsample: sequential(conv2d(width, { kernel: 1, stride, bias: false }), batchNorm()),
  }
  return module(m, <X>(x: Sym<X>) => relu(add(m.bn2(m.conv2(relu(m.bn1(m.conv1(x))))), m.downsample(x))))
}

const pathsOf = (net: { parameters(): readonly { readonly path: string }[] }) =>
  net.parameters().map(({ path }) => path)

const norm = (name: string) => ['weight', 'bias', 'running_mean', 'running_var'].map((role) => `${name}.${role}`)

describe('names', () => {
  test('of parameters are the children of modules and the positions in sequentials', () => {
    const m = { stem: conv2d(8, { kernel: 3 }), layer1: sequential(basicBlock(8, 1), relu, basicBlock(16, 2)) }
    const net = model(
      { input: [32, 32, 3] },
      module(m, <X>(x: Sym<X>) => m.layer1(relu(m.stem(x)))),
    )
    const block = (name: string) => [
      `${name}.conv1.weight`,
      ...norm(`${name}.bn1`),
      `${name}.conv2.weight`,
      ...norm(`${name}.bn2`),
      `${name}.downsample.0.weight`,
      ...norm(`${name}.downsample.1`),
    ]
    expect(pathsOf(net)).toEqual(['stem.weight', 'stem.bias', ...block('layer1.0'), ...block('layer1.2')])
  })

  test('of nodes follow, and functions are called by what they do or where they stand', () => {
    const m = { body: sequential(conv2d(4, { kernel: 1 }), relu, relu), head: flatten }
    const net = model(
      { input: [4, 4, 1] },
      module(m, (x: AnySym) => relu(m.head(m.body(x)))),
    )
    expect(net.graph.nodes.map(({ path }) => path)).toEqual(['body.0', 'body.1', 'body.2', 'head', 'relu'])
  })

  test('of children in lists and records are dotted', () => {
    const blocks = [conv2d(4, { kernel: 1 }), conv2d(4, { kernel: 1 })]
    const m = { blocks, heads: { left: dense(2) } }
    const net = model(
      { input: [2, 2, 4] },
      module(m, (x: AnySym) => m.heads.left(flatten(blocks.reduce<AnySym>((y, block) => block(y), x)))),
    )
    expect(pathsOf(net).filter((path) => path.endsWith('weight'))).toEqual([
      'blocks.0.weight',
      'blocks.1.weight',
      'heads.left.weight',
    ])
  })

  test('of a single layer have no prefix', () => {
    expect(pathsOf(model({ input: [4] }, dense(2)))).toEqual(['weight', 'bias'])
  })

  test('reach into modules that are called through their owner', () => {
    const shared: Layer = conv2d(4, { kernel: 1 })
    const inner = { conv: conv2d(4, { kernel: 1 }) }
    const outer = { inner: module(inner, (x: AnySym) => shared(inner.conv(x))), shared }
    const net = model(
      { input: [4, 4, 4] },
      module(outer, (x: AnySym) => outer.shared(outer.inner(x))),
    )
    expect(pathsOf(net)).toEqual(['inner.conv.weight', 'inner.conv.bias', 'shared.weight', 'shared.bias'])
    expect(net.graph.nodes.map(({ path }) => path)).toEqual(['inner.conv', 'shared', 'shared'])
  })
})

describe('a child that is used twice', () => {
  test('shares its parameters', () => {
    const m = { conv: conv2d(4, { kernel: 3, padding: 1 }) }
    const net = model(
      { input: [8, 8, 4] },
      module(m, <X>(x: Sym<X>) => m.conv(m.conv(x))),
    )
    expect(net.graph.nodes).toHaveLength(2)
    expect(net.graph.nodes[0]?.parameters.weight).toBe(net.graph.nodes[1]?.parameters.weight)
    expect(net.parameterCount).toBe(4 * 4 * 9 + 4)
  })

  test('in a sequential is called by its first place', () => {
    const conv = conv2d(4, { kernel: 1 })
    expect(pathsOf(model({ input: [8, 8, 4] }, sequential(conv, relu, conv)))).toEqual(['0.weight', '0.bias'])
  })

  test('cannot take inputs that need other parameters', () => {
    const m = { conv: conv2d(8, { kernel: 1 }) }
    const attempt = () =>
      model(
        { input: [8, 8, 4] },
        module(m, <X>(x: Sym<X>) => m.conv(m.conv(x))),
      )
    expect(attempt).toThrow(ShapeError)
    expect(attempt).toThrow(/conv2d 'conv' is applied twice .* \[8, 4, 1, 1\] and \[8, 8, 1, 1\]/)
  })
})

describe('a layer that nothing names', () => {
  const stray = conv2d(4, { kernel: 1 })

  test.each<[string, Layer, RegExp]>([
    [
      'in a module',
      sequential(
        relu,
        module({}, (x: AnySym) => stray(x)),
      ),
      /conv2d .* applied in module '1'/,
    ],
    ['in a function', (x: AnySym) => stray(x), /applied in the function that was given to model/],
    [
      'in a sequential that is no child',
      (x: AnySym) => sequential(stray)(x),
      /a sequential that is no child of the function/,
    ],
  ])('%s is refused', (_, net, message) => {
    const attempt = () => model({ input: [4, 4, 4] }, net)
    expect(attempt).toThrow(WeightsError)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(/Put the layer into the object that is given to module/)
  })

  test('is fine when it has no parameters', () => {
    const net = model({ input: [4, 4, 4] }, (x: AnySym) => sequential(relu, maxPool2d({ kernel: 2 }))(x))
    expect(net.outputs.output).toEqual([2, 2, 4])
  })
})

describe('inputs and outputs', () => {
  test('of one value each are called by the input name and `output`', () => {
    const net = model({ image: [8, 8, 3] }, conv2d(4, { kernel: 3 }))
    expect(net.inputs).toEqual({ image: [8, 8, 3] })
    expect(net.outputs).toEqual({ output: [6, 6, 4] })
  })

  test('of several values go by name', () => {
    const net = model({ left: [4, 4, 3], right: [4, 4, 5] }, ({ left, right }) => ({
      both: concat(left, right),
      one: relu(left),
    }))
    expect(net.outputs).toEqual({ both: [4, 4, 8], one: [4, 4, 3] })
    expect(net.graph.inputs.map(({ name }) => name)).toEqual(['left', 'right'])
  })

  test('a module takes several values', () => {
    const m = { conv: conv2d(3, { kernel: 1 }) }
    const merge = module(m, <A, B>(a: Sym<A>, b: Sym<B>) => add(a, m.conv(b)))
    const whole = { merge }
    const net = model(
      { a: [4, 4, 3], b: [4, 4, 5] },
      module(whole, ({ a, b }: { a: Sym<[4, 4, 3]>; b: Sym<[4, 4, 5]> }) => whole.merge(a, b)),
    )
    expect(pathsOf(net)).toEqual(['merge.conv.weight', 'merge.conv.bias'])
  })

  test.each([
    ['inputs', () => model(undefined as never, relu as never)],
    ['inputs', () => model({}, relu as never)],
    ["input 'input'", () => model({ input: [] }, relu)],
    ["input 'input'", () => model({ input: 5 as never }, relu as never)],
    ['net', () => model({ input: [4] }, undefined as never)],
    ['what a network returns', () => model({ input: [4] }, (() => undefined) as never)],
    ["output 'a'", () => model({ input: [4] }, (() => ({ a: 1 })) as never)],
    ['forward', () => module({}, undefined as never)],
    ['children', () => module(undefined as never, relu as never)],
    ["child 'a.b'", () => module({ a: { b: 3 } }, relu as never)],
    ['element 1', () => sequential(relu, undefined as never)],
  ])('%s that are not what they should be are refused', (name, attempt) => {
    expect(attempt).toThrow(OptionError)
    expect(attempt).toThrow(new RegExp(`^Expected ${name.replace(/[.]/g, '\\.')}.* to be`))
  })
})

describe('the graph', () => {
  test('is frozen and in topological order', () => {
    const { graph } = model({ input: [16, 16, 8] }, basicBlock(8, 1))
    const known = new Set(graph.inputs.map(({ value }) => value))
    for (const node of graph.nodes) {
      expect(node.inputs.every((value) => known.has(value))).toBe(true)
      known.add(node.output)
      for (const part of [node, node.attributes, node.inputs, node.parameters]) expect(Object.isFrozen(part)).toBe(true)
    }
    for (const part of [graph, graph.nodes, graph.values, graph.inputs, graph.outputs])
      expect(Object.isFrozen(part)).toBe(true)
    expect(known.size).toBe(graph.values.length)
  })

  test('a layer may be part of several models', () => {
    const block = basicBlock(8, 1)
    const [one, two] = [model({ input: [16, 16, 8] }, block), model({ input: [8, 8, 4] }, sequential(block))]
    expect(pathsOf(two)).toEqual(pathsOf(one).map((path) => `0.${path}`))
  })
})

describe('retracing', () => {
  const layers = [conv2d(8, { kernel: 3, padding: 1 }), relu, maxPool2d({ kernel: 2 })] as const

  test('gives the same network at another size', () => {
    const net = model({ input: [32, 32, 3] }, sequential(...layers, globalAvgPool(), flatten, dense(10)))
    const graph = net.retrace({ input: [48, 20, 3] })
    expect(graph.nodes.map(({ output }) => graph.values[output]?.shape)).toEqual([
      [48, 20, 8],
      [48, 20, 8],
      [24, 10, 8],
      [1, 1, 8],
      [8],
      [10],
    ])
  })

  test('refuses a size that would need other weights', () => {
    const net = model({ input: [32, 32, 3] }, sequential(...layers, flatten, dense(10)))
    expect(() => net.retrace({ input: [48, 32, 3] })).toThrow(ShapeError)
    expect(() => net.retrace({ input: [48, 32, 3] })).toThrow(
      /'4\.weight' would have the shape \[10, 3072\] but it has \[10, 2048\].*dense/,
    )
    expect(() => net.retrace({ input: [32, 32, 4] })).toThrow(/'0\.weight' would have the shape \[8, 4, 3, 3\]/)
  })

  test('refuses other names', () => {
    const net = model({ input: [32, 32, 3] }, relu)
    expect(() => net.retrace({ image: [32, 32, 3] })).toThrow(/takes the inputs input but shapes were given for image/)
  })
})

describe('weights', () => {
  const make = () => model({ input: [4, 4, 2] }, sequential(conv2d(3, { kernel: 1 }), batchNorm()))
  const tensors = () =>
    new Map([
      ['0.weight', new Tensor(Float32Array.from([1, 2, 3, 4, 5, 6]), [3, 2, 1, 1])],
      ...['0.bias', '1.weight', '1.bias', '1.running_mean', '1.running_var'].map(
        (name, i) => [name, new Tensor(Float32Array.from([i, i, i]), [3])] as [string, Tensor],
      ),
    ])

  test('come from a map or a record', async () => {
    for (const source of [tensors(), Object.fromEntries(tensors())]) {
      const net = await make().loadWeights(source)
      expect(net.parameters().find(({ path }) => path === '0.weight')?.data).toEqual(
        Float32Array.from([1, 2, 3, 4, 5, 6]),
      )
    }
  })

  test('go to a file and come back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'im2col-model-'))
    try {
      const path = join(folder, 'net.safetensors')
      const net = await make().loadWeights(tensors())
      await net.saveWeights(path)
      const other = await make().loadWeights(path)
      expect(other.parameters()).toEqual(net.parameters())
      await net.saveWeights(pathToFileURL(`${path}2`))
      expect((await make().loadWeights(pathToFileURL(`${path}2`))).parameters()).toEqual(net.parameters())
      const bytes = runInNewContext('(bytes) => new Uint8Array(bytes)')(await readFile(path))
      expect((await make().loadWeights(bytes)).parameters()).toEqual(net.parameters())
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('are renamed', async () => {
    const prefixed = new Map([...tensors()].map(([name, tensor]) => [`module.${name}`, tensor]))
    prefixed.set('optimizer', Tensor.zeros([1]))
    const rename = (name: string) => (name === 'optimizer' ? undefined : name.replace(/^module\./, ''))
    const net = await make().loadWeights(prefixed, { rename })
    expect(net.weights.size).toBe(6)
  })

  test('that do not fit are refused, and the ones from before stay', async () => {
    const net = await make().loadWeights(tensors())
    const other = tensors()
    other.delete('0.bias')
    other.set('0.weight', Tensor.zeros([3, 2]))
    other.set('extra', Tensor.zeros([1]))
    await expect(net.loadWeights(other)).rejects.toThrow(WeightsError)
    await expect(net.loadWeights(other)).rejects.toThrow(/0\.bias.*extra.*0\.weight/)
    expect(net.weights.get('0.weight')?.shape).toEqual([3, 2, 1, 1])
  })

  test.each<[string, unknown, string, RegExp]>([
    ['a number', 5, 'ERR_OPTION', /received 5 \(number\)/],
    ['nothing', undefined, 'ERR_OPTION', /received undefined/],
    ['a promise', Promise.resolve(new Map()), 'ERR_OPTION', /received Promise \(Promise\)\. Await the promise first$/],
    ['an ArrayBuffer', new ArrayBuffer(8), 'ERR_OPTION', /received ArrayBuffer/],
    ['other elements', new Float64Array(8), 'ERR_OPTION', /received Float64Array/],
    ['arrays', { '0.bias': new Float32Array(3) }, 'ERR_DTYPE', /0\.bias .* to be a Tensor but received Float32Array/],
    ['objects', { '0.bias': { data: 1 } }, 'ERR_OPTION', /0\.bias .* to be a Tensor but received \{ data \}/],
  ])('that are none are refused: %s', async (_, weights, code, message) => {
    const attempt = make().loadWeights(weights as never)
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('take no options that do not exist', async () => {
    await expect(make().loadWeights(tensors(), { renames: 1 } as never)).rejects.toThrow(/Did you mean rename\?/)
    expect(() => make().randomizeWeights({ sead: 1 } as never)).toThrow(/Did you mean seed\?/)
    expect(() => make().summary({ prints: false } as never)).toThrow(/Did you mean print\?/)
  })

  test('come in a map of another realm', async () => {
    const map = runInNewContext('(entries) => new Map(entries)')([...tensors()])
    expect((await make().loadWeights(map)).weights.size).toBe(6)
  })

  test('must be there to compile or to save', async () => {
    const net = make()
    expect(net.parameters().every(({ data }) => data === undefined)).toBe(true)
    await expect(net.compile()).rejects.toThrow(WeightsError)
    await expect(net.compile()).rejects.toThrow(/6 parameters of the model have no weights.*loadWeights/)
    await expect(net.saveWeights('never-written.safetensors')).rejects.toThrow(WeightsError)
  })

  test('are not needed by a network without parameters', () => {
    expect(model({ input: [4] }, relu).weights.size).toBe(0)
  })

  test('drawn at random are a function of the seed, with the variance of He et al.', () => {
    const net = () => model({ input: [8, 8, 64] }, sequential(conv2d(128, { kernel: 3 }), batchNorm()))
    const draw = (seed: number) => net().randomizeWeights({ seed }).weights
    const kernels = (seed: number) => draw(seed).get('0.weight')?.data ?? new Float32Array()
    const weight = kernels(3)
    expect(Buffer.compare(Buffer.from(kernels(3).buffer), Buffer.from(weight.buffer))).toBe(0)
    expect(Buffer.compare(Buffer.from(kernels(4).buffer), Buffer.from(weight.buffer))).not.toBe(0)
    const mean = weight.reduce((sum, value) => sum + value, 0) / weight.length
    const variance = weight.reduce((sum, value) => sum + (value - mean) ** 2, 0) / weight.length
    // 73,728 numbers: the standard error of the mean is 1/272 deviation, of the variance 1/192 of itself; five of each.
    const expected = 2 / (64 * 9)
    expect(Math.abs(mean)).toBeLessThan((5 / 272) * Math.sqrt(expected))
    expect(Math.abs(variance / expected - 1)).toBeLessThan(5 / 192)
    expect(draw(3).get('1.running_var')?.data).toEqual(new Float32Array(128).fill(1))
    expect(draw(3).get('1.running_mean')?.data).toEqual(new Float32Array(128))
    expect(() => net().randomizeWeights({ seed: 0.5 })).toThrow(/seed of randomizeWeights to be an integer/)
  })
})

test('a network of a thousand layers is traced without a deep search', () => {
  const layers = Array.from({ length: 500 }, () => conv2d(4, { kernel: 1 }))
  const net = model({ input: [4, 4, 4] }, sequential(...layers.flatMap((layer): Layer[] => [layer, relu])))
  expect(net.graph.nodes).toHaveLength(1000)
  expect(pathsOf(net)).toHaveLength(1000)
  expect(pathsOf(net).at(-1)).toBe('998.bias')
})

describe('methods refuse, with an error of the package,', () => {
  const net = () => model({ input: [4, 4, 2] }, sequential(conv2d(2, { kernel: 1 }))).randomizeWeights()
  const methods: Readonly<Record<string, (argument: never) => unknown>> = {
    summary: (options) => net().summary(options),
    randomizeWeights: (options) => net().randomizeWeights(options),
    'loadWeights with a source': (source) => net().loadWeights(source),
    'loadWeights with options': (options) => net().loadWeights(net().weights, options),
    compile: (options) => net().compile(options),
    retrace: (shapes) => net().retrace(shapes),
    model: (inputs) => model(inputs, relu as Layer),
    'model without a layer': (layer) => model({ input: [4] }, layer),
    'Tensor.zeros': (shape) => Tensor.zeros(shape),
  }

  test.each(Object.entries(methods))('%s: whatever else is given', async (_, call) => {
    for (const value of [null, 5, 'x', [5, 'x'], { unknown: 1 }]) {
      const attempt = async () => call(value as never)
      await expect(attempt(), JSON.stringify(value)).rejects.toThrow(Im2colError)
    }
  })

  test('options of another type', async () => {
    expect(() => net().summary({ print: 0 as never })).toThrow('Expected print of summary to be a boolean')
    await expect(net().loadWeights(net().weights, { rename: 'x' as never })).rejects.toThrow(
      'Expected rename of loadWeights to be a function from names to names',
    )
    expect(() => net().retrace({ input: 5 as never })).toThrow("Expected input 'input' of retrace to be a shape")
  })
})
