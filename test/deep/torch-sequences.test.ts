import { describe, test } from 'vitest'
import { type AnySym, gru, lstm, matmul, module, multiHeadAttention } from '../../lib/index.js'
import { findPython } from '../support/python.js'
import { askTorch, compareWithTorch, type TorchCase } from '../support/torch-oracle.js'

type Pair = Readonly<Record<'a' | 'b', AnySym>>

const matmulCases: readonly TorchCase[] = [
  {
    name: 'matmul',
    inputs: { a: [2, 3, 30, 17], b: [2, 3, 17, 21] },
    code: 'y = a @ b',
    net: ({ a, b }: Pair) => matmul(a, b),
    isChannelsLast: true,
  },
  {
    name: 'matmul, transposed and repeated',
    inputs: { a: [2, 3, 30, 17], b: [2, 1, 21, 17] },
    code: 'y = a @ b.transpose(-1, -2)',
    net: ({ a, b }: Pair) => matmul(a, b, { transposeB: true }),
    isChannelsLast: true,
  },
]

const withModule = (name: string, call: string, inputs: TorchCase['inputs'], layer: unknown): TorchCase => ({
  name,
  inputs,
  code: `layer = ${name}.eval()\nmodule = nn.ModuleDict({'layer': layer})\ny = ${call}`,
  net: module({ layer: layer as object }, layer as (x: AnySym) => AnySym),
  isChannelsLast: true,
})

const attention = (heads: number, bias: boolean) =>
  withModule(
    `nn.MultiheadAttention(24, ${heads}, batch_first=True, bias=${bias ? 'True' : 'False'})`,
    'layer(x, x, x, need_weights=False)[0]',
    { x: [2, 11, 24] },
    multiHeadAttention(heads, { bias }),
  )

const pixels: TorchCase = {
  ...attention(3, true),
  name: 'nn.MultiheadAttention over pixels',
  inputs: { x: [2, 24, 4, 5] },
  code: `layer = nn.MultiheadAttention(24, 3, batch_first=True).eval()
module = nn.ModuleDict({'layer': layer})
tokens = x.flatten(2).transpose(1, 2)
y = layer(tokens, tokens, tokens, need_weights=False)[0].transpose(1, 2).reshape(x.shape)`,
  isChannelsLast: false,
}

const recurrentCases = (['lstm', 'gru'] as const).flatMap((type): readonly TorchCase[] => {
  const make = type === 'lstm' ? lstm : gru
  const name = type.toUpperCase()
  const inputs = { x: [3, 13, 7] }
  return [
    withModule(`nn.${name}(7, 19, batch_first=True)`, 'layer(x)[0]', inputs, make(19)),
    withModule(
      `nn.${name}(7, 19, num_layers=2, bidirectional=True, batch_first=True)`,
      'layer(x)[0]',
      inputs,
      make(19, { numLayers: 2, bidirectional: true }),
    ),
    withModule(`nn.${name}(7, 19, bias=False, batch_first=True)`, 'layer(x)[0]', inputs, make(19, { bias: false })),
  ]
})

const stateCase = (type: 'lstm' | 'gru'): TorchCase => {
  const layer = type === 'lstm' ? lstm(19) : gru(19)
  const [states, last] =
    type === 'lstm' ? ['(h[None], c[None])', 'layer(x, s)[1][1][0]'] : ['h[None]', 'layer(x, s)[1][0]']
  return {
    name: `states of nn.${type.toUpperCase()}`,
    inputs: { x: [3, 13, 7], h: [3, 19], c: [3, 19] },
    code: `layer = nn.${type.toUpperCase()}(7, 19, batch_first=True).eval()
module = nn.ModuleDict({'layer': layer})
s = ${states}
y = ${last}[:, None]`,
    net: module({ layer }, ({ x, h, c }: Readonly<Record<'x' | 'h' | 'c', AnySym>>) => {
      const { hidden, cell } = layer.withStates(x, { hidden: [h], ...(type === 'lstm' && { cell: [c] }) })
      return (type === 'lstm' ? cell[0] : hidden[0]) as AnySym
    }),
    isChannelsLast: true,
  }
}

const cases = [
  ...matmulCases,
  attention(1, true),
  attention(4, true),
  attention(4, false),
  pixels,
  ...recurrentCases,
  stateCase('lstm'),
  stateCase('gru'),
]
const python = findPython('torch')

describe.skipIf(python === undefined)('as PyTorch', () => {
  const results = python === undefined ? [] : askTorch(python, cases)
  cases.forEach((torchCase, i) => {
    test(torchCase.name, () => compareWithTorch(torchCase, results[i] as (typeof results)[number]))
  })
})
