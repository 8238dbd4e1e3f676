import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ShapeError } from '../lib/errors.js'
import { padding, slideWindow } from '../lib/shape.js'
import { seed } from './support/seed.js'
import { typecheck, typecheckProject } from './support/typecheck.js'

/** Every function of the package, so that the cases below need no imports. */
const layers =
  `import { type AnySym, adaptiveAvgPool2d, add, avgPool2d, batchNorm, chunk, concat, conv1d, conv2d, dense, depthwiseConv2d, flatten,
globalAvgPool, type Layer, maxPool1d, maxPool2d, model, module, multiply, relu, sequential, slice, type Sym } from 'im2col'\n`.replace(
    /\n(?=g)/,
    ' ',
  )

test('the type tests hold', async () => {
  const { diagnostics } = await typecheckProject(fileURLToPath(new URL('./types', import.meta.url)))
  expect(diagnostics).toEqual([])
})

describe('the compiler refuses, and says why,', () => {
  const cases: readonly (readonly [name: string, code: string, message: string])[] = [
    [
      'to add values of two shapes',
      `const m = { conv: conv2d(64, { kernel: 3 }) }
       model({ input: [56, 56, 64] }, module(m, <X>(x: Sym<X>) => relu(add(m.conv(x), x))))`,
      'add takes equal shapes but received [54, 54, 64] and [56, 56, 64]',
    ],
    [
      'to multiply values whose sizes do not fit',
      'model({ a: [4, 4, 8], b: [1, 1, 4] }, ({ a, b }) => multiply(a, b))',
      'multiply takes sizes that are equal or 1 but received [4, 4, 8] and [1, 1, 4]',
    ],
    [
      'to cut channels that do not exist',
      'model({ input: [4, 4, 8] }, <X>(x: Sym<X>) => slice(x, { start: 4, end: 9 }))',
      'slice takes at least 9 channels but received [4, 4, 8]',
    ],
    [
      'to cut channels into unequal halves',
      'model({ input: [4, 4, 7] }, <X>(x: Sym<X>) => chunk(x, 2)[0])',
      '2 chunks do not divide the channels of [4, 4, 7]',
    ],
    [
      'to concatenate values of two sizes',
      'model({ a: [4, 4, 3], b: [4, 5, 3] }, ({ a, b }) => ({ c: concat(a, b) }))',
      'concat takes equal spatial sizes but received [4, 4, 3] and [4, 5, 3]',
    ],
    [
      'a kernel that does not fit',
      'model({ input: [5, 5, 64] }, conv2d(3, { kernel: 7 }))',
      'a kernel of 7 does not fit into an input of 5',
    ],
    [
      'a kernel that does not fit somewhere deep',
      'model({ input: [32, 32, 3] }, sequential(conv2d(8, { kernel: 3, stride: 2 }), relu, maxPool2d({ kernel: 16 }), flatten, dense(3)))',
      'a kernel of 16 does not fit into an input of 15',
    ],
    [
      'windows that must cover exactly and do not',
      'model({ input: [224, 224, 3] }, conv2d(96, { kernel: 11, stride: 4, exact: true }))',
      'a kernel of 11 with stride 4 does not cover an input of 224 exactly',
    ],
    [
      'a dense layer on an image',
      'model({ input: [7, 7, 512] }, dense(10))',
      'dense takes [features] but received [7, 7, 512]: put flatten before it',
    ],
    [
      'an image layer on a flat value',
      'model({ input: [10] }, conv2d(3, { kernel: 1 }))',
      'conv2d takes [height, width, channels] but received [10]',
    ],
    ['a series layer on an image', 'model({ input: [4, 4, 1] }, maxPool1d({ kernel: 2 }))', 'takes [length, channels]'],
    ['global pooling of a flat value', 'model({ input: [10] }, globalAvgPool())', 'takes a value with spatial axes'],
    ['an option that does not exist', 'conv2d(3, { kernel: 3, strides: 2 })', "Did you mean to write 'stride'?"],
    ['a layer without its kernel', 'conv2d(3, {})', "Property 'kernel' is missing"],
    ['a padding of another kind', "conv2d(3, { kernel: 3, padding: 'full' })", `Type '"full"' is not assignable`],
    [
      'inputs that the network does not have',
      'model({ a: [4], b: [4] }, ({ c }) => relu(c))',
      "Property 'c' does not exist",
    ],
  ]

  test('each in its own words', async () => {
    const sources = cases.map(([, code], index) => [`case-${index}.ts`, layers + code])
    const { diagnostics } = await typecheck(Object.fromEntries(sources))
    cases.forEach(([name, , message], index) => {
      const texts = diagnostics.filter(({ file }) => file === `case-${index}.ts`).map(({ text }) => text)
      expect(texts, name).toEqual([expect.stringContaining(message)])
    })
  })
})

test('the types compute the same sizes as the program', async () => {
  const window = fc.record({
    input: fc.integer({ min: 1, max: 300 }),
    kernel: fc.integer({ min: 1, max: 11 }),
    stride: fc.integer({ min: 1, max: 5 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    pad: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant('same' as const), fc.constant('valid' as const)),
    ceil: fc.boolean(),
  })
  const samples = fc.sample(window, { numRuns: 150, seed })
  const rows = samples.map(({ input, kernel, stride, dilation, pad, ceil }) => {
    const options = {
      kernel: [kernel],
      stride: [stride],
      dilation: [dilation],
      padding: padding('padding', 1, pad),
      ceil,
      exact: false,
    }
    const text = `WindowOutput<${input}, ${kernel}, ${stride}, ${JSON.stringify(pad)}, ${dilation}, 'height', ${ceil}>`
    try {
      return `Equal<${text}, ${slideWindow({ label: '', path: '' }, [input], options).output[0]}>`
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error
      return `Equal<${text}, InvalidShape<\`a kernel of \${number} does not fit into an input of ${input}\`>>`
    }
  })
  const source = `import type { InvalidShape, WindowOutput } from '${new URL('../lib/shape-types.js', import.meta.url).pathname}'
type Equal<A, B> = A extends B ? true : A
${rows.map((row, index) => `export const row${index}: ${row} = true`).join('\n')}`
  const { diagnostics } = await typecheck({ 'sizes.ts': source })
  expect(diagnostics, `seed ${seed}`).toEqual([])
})

describe('the compiler stays fast', () => {
  const base = typecheck({ 'base.ts': `${layers}export const net = model({ input: [224, 224, 3] }, relu)` })

  const costOf = async (source: string) => {
    const result = await typecheck({ 'net.ts': layers + source })
    expect(result.diagnostics).toEqual([])
    return result.instantiations - (await base).instantiations
  }

  test('on sixty convolutions with literal shapes', async () => {
    const blocks = Array.from(
      { length: 6 },
      (_, i) => `const m${i} = {
        ${Array.from({ length: 10 }, (_, j) => `conv${j}: conv2d(${32 + 16 * i + j}, { kernel: 3, padding: 1, stride: ${j === 9 ? 2 : 1} })`).join(',\n')}
      }
      const block${i} = module(m${i}, <X>(x: Sym<X>) => ${Array.from({ length: 10 }, (_, j) => `relu(m${i}.conv${9 - j}(`).join('')}x${'))'.repeat(10)})`,
    )
    const source = `${blocks.join('\n')}
      const net = model({ input: [224, 224, 3] }, sequential(${blocks.map((_, i) => `block${i}`).join(', ')}))
      export const shape: readonly [4, 4, 121] = net.outputs.output`
    expect(await costOf(source)).toBeLessThan(200_000)
  })

  test('on lists of layers of all kinds, which it compares with each other', async () => {
    const kinds = [
      'conv1d(3, { kernel: 3 })',
      "conv1d(3, { kernel: 3, padding: 'same' })",
      "conv2d(3, { kernel: 3, stride: 2, padding: 'same' })",
      'conv2d(8, { kernel: [3, 5], padding: [1, 2], exact: true })',
      'depthwiseConv2d({ kernel: 3, multiplier: 2 })',
      'maxPool1d({ kernel: 2 })',
      'maxPool2d({ kernel: 3, stride: 2, ceil: true })',
      'avgPool2d({ kernel: 3, stride: 1, padding: 1 })',
      'globalAvgPool()',
      'adaptiveAvgPool2d([6, 4])',
      'flatten',
      'dense(3)',
      'batchNorm()',
      'block(8, 2)',
      'fire(8)',
    ]
    const modules = `
      const block = <const W extends number, const S extends number>(width: W, stride: S) => {
        const m = { a: conv2d(width, { kernel: 3, stride, padding: 1 }), b: conv2d(width, { kernel: 1, stride }) }
        return module(m, <X>(x: Sym<X>) => add(relu(m.a(x)), m.b(x)))
      }
      const fire = <const W extends number>(width: W) => {
        const m = { a: conv2d(width, { kernel: 3, padding: 1 }), b: conv2d(width, { kernel: 1 }) }
        return module(m, <X>(x: Sym<X>) => concat(m.a(x), m.b(x)))
      }
      declare function list<T>(items: readonly T[]): void\n`
    const pairs = kinds.flatMap((a, i) =>
      kinds.slice(i + 1).map((b) => `list([${a}, ${b}]); list<[Layer]>([[${a}], [${b}]])`),
    )
    expect(await costOf(modules + pairs.join('\n'))).toBeLessThan(100_000)
  })
})
