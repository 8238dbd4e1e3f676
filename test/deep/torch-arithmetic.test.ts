import { describe, test } from 'vitest'
import {
  type AnySym,
  abs,
  broadcastAdd,
  celu,
  divide,
  elu,
  exp,
  gelu,
  glu,
  groupNorm,
  hardSigmoid,
  hardSwish,
  instanceNorm,
  l2Normalize,
  layerNorm,
  leakyRelu,
  logSoftmax,
  maximum,
  minimum,
  mish,
  module,
  pow,
  prelu,
  type Reduction,
  reduce,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softmaxOver,
  softplus,
  softsign,
  subtract,
  tanh,
} from '../../lib/index.js'
import { findPython } from '../support/python.js'
import { askTorch, compareWithTorch, type TorchCase } from '../support/torch-oracle.js'

const image = [2, 12, 5, 6]

const unary = (code: string, net: unknown): TorchCase => ({
  name: code,
  inputs: { x: image },
  code: `y = ${code}`,
  net,
  scale: 3,
})

const activationCases: readonly TorchCase[] = [
  unary('F.relu(x)', relu),
  unary('F.relu6(x)', relu6),
  unary('F.leaky_relu(x, 0.2)', leakyRelu({ negativeSlope: 0.2 })),
  unary('F.elu(x, 0.7)', elu({ alpha: 0.7 })),
  unary('F.selu(x)', selu),
  unary('F.celu(x, 0.7)', celu({ alpha: 0.7 })),
  unary('F.gelu(x)', gelu()),
  unary("F.gelu(x, approximate='tanh')", gelu({ approximate: 'tanh' })),
  unary('F.silu(x)', silu),
  unary('F.hardswish(x)', hardSwish),
  unary('F.hardsigmoid(x)', hardSigmoid),
  unary('F.mish(x)', mish),
  unary('F.softplus(x, 2)', softplus({ beta: 2 })),
  unary('F.softsign(x)', softsign),
  unary('torch.sigmoid(x)', sigmoid),
  unary('torch.tanh(x)', tanh),
  unary('F.softmax(x, 1)', softmax),
  unary('F.log_softmax(x, 1)', logSoftmax),
  unary('F.softmax(x.flatten(2), 2).view_as(x)', softmaxOver([0, 1])),
  unary('F.softmax(x, 3)', softmaxOver([1])),
  unary('F.glu(x, 1)', glu),
  unary('torch.abs(x)', abs),
  unary('torch.exp(x)', exp),
  unary('F.normalize(x, dim=1)', l2Normalize()),
]

const reductions: Readonly<Record<Reduction, (dims: string, keep: string) => string>> = {
  mean: (dims, keep) => `x.mean(${dims}, keepdim=${keep})`,
  sum: (dims, keep) => `x.sum(${dims}, keepdim=${keep})`,
  prod: (dims, keep) =>
    `torch.exp(torch.log(x.double().abs()).sum(${dims}, keepdim=${keep})) * torch.sign(x).prod(1, keepdim=True)`,
  max: (dims, keep) => `x.amax(${dims}, keepdim=${keep})`,
  min: (dims, keep) => `x.amin(${dims}, keepdim=${keep})`,
  l1: (dims, keep) => `torch.linalg.vector_norm(x, 1, ${dims}, keepdim=${keep})`,
  l2: (dims, keep) => `torch.linalg.vector_norm(x, 2, ${dims}, keepdim=${keep})`,
}

const reduceCases = (['mean', 'sum', 'max', 'min', 'l1', 'l2'] as const).flatMap((operator): readonly TorchCase[] => [
  unary(reductions[operator]('(2, 3)', 'False'), reduce(operator, { axes: [0, 1] })),
  unary(reductions[operator]('(1,)', 'True'), reduce(operator, { axes: [-1], keepDims: true })),
  unary(reductions[operator]('(1, 2, 3)', 'True'), reduce(operator, { axes: [0, 1, 2], keepDims: true })),
])

const product: TorchCase = unary(reductions.prod('(1,)', 'True'), reduce('prod', { axes: [-1], keepDims: true }))

const pair = (code: string, net: (a: AnySym, b: AnySym) => unknown, other = [2, 1, 5, 6]): TorchCase => ({
  name: code,
  inputs: { a: image, b: other },
  code: `y = ${code}`,
  net: ({ a, b }: Readonly<Record<'a' | 'b', AnySym>>) => net(a, b),
})

const binaryCases: readonly TorchCase[] = [
  pair('a + b', broadcastAdd),
  pair('a - b', subtract),
  pair('b - a', (a, b) => subtract(b, a), [2, 12, 1, 1]),
  pair('a / b', divide, image),
  pair('b / a', (a, b) => divide(b, a), [2, 1, 1, 6]),
  pair('torch.maximum(a, b)', maximum),
  pair('torch.minimum(a, b)', minimum, [2, 12, 5, 1]),
  { ...pair('torch.pow(a.abs(), b)', (a, b) => pow(abs(a), b)), tolerance: 1e-5 },
]

const learned = (type: string, net: unknown, prefix = ''): TorchCase => ({
  name: `nn.${type}`,
  inputs: { x: image },
  code: [
    `layer = nn.${type}.eval()`,
    'for name, p in [*layer.named_parameters(), *layer.named_buffers()]:',
    '    if p.dtype == torch.float32: p.data = torch.rand_like(p) + 0.5',
    `module = nn.ModuleDict({'layer': layer})`,
    `y = ${prefix}layer(x)`,
  ].join('\n'),
  net: module({ layer: net }, net as (x: AnySym) => AnySym),
})

const normCases: readonly TorchCase[] = [
  learned('GroupNorm(4, 12)', groupNorm(4)),
  learned('GroupNorm(1, 12, eps=0.01)', groupNorm(1, { eps: 0.01 })),
  learned('GroupNorm(4, 12, affine=False)', groupNorm(4, { affine: false })),
  learned('InstanceNorm2d(12)', instanceNorm()),
  learned('InstanceNorm2d(12, affine=True)', instanceNorm({ affine: true })),
  learned(
    'InstanceNorm2d(12, affine=True, track_running_stats=True)',
    instanceNorm({ affine: true, trackRunningStats: true }),
  ),
  learned('PReLU(12)', prelu()),
  { ...learned('LayerNorm(6)', layerNorm({ eps: 1e-5 })), inputs: { x: [2, 5, 6] }, isChannelsLast: true },
]

const cases = [...activationCases, ...reduceCases, product, ...binaryCases, ...normCases]
const python = findPython('torch')

describe.skipIf(python === undefined)('as PyTorch', () => {
  const results = python === undefined ? [] : askTorch(python, cases)
  cases.forEach((torchCase, i) => {
    test(torchCase.name, () => compareWithTorch(torchCase, results[i] as (typeof results)[number]))
  })
})
