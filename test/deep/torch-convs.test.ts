import { describe, test } from 'vitest'
import { type AnySym, conv1d, conv2d, conv3d, module, scaledStdConv2d, stdConv2d } from '../../lib/index.js'
import { findPython } from '../support/python.js'
import { askTorch, compareWithTorch, type TorchCase } from '../support/torch-oracle.js'

const modes = ['zeros', 'reflect', 'replicate', 'circular'] as const

const withLayer = (name: string, shape: readonly number[], code: string, layer: unknown): TorchCase => ({
  name,
  inputs: { x: shape },
  code,
  net: module({ layer: layer as object }, layer as (x: AnySym) => AnySym),
  tolerance: 4e-6,
})

const paddedCases = modes.flatMap((paddingMode): readonly TorchCase[] => {
  const torchConv = (rank: number, options: string) =>
    `layer = nn.Conv${rank}d(4, 6, 3, ${options}, padding_mode='${paddingMode}')\nmodule = nn.ModuleDict({'layer': layer})\ny = layer(x)`
  return [
    withLayer(
      `conv1d, ${paddingMode}`,
      [2, 4, 11],
      torchConv(1, 'padding=2'),
      conv1d(6, { kernel: 3, padding: 2, paddingMode }),
    ),
    withLayer(
      `conv2d, ${paddingMode}`,
      [2, 4, 7, 9],
      torchConv(2, 'stride=2, dilation=2, padding=(2, 3), groups=2'),
      conv2d(6, { kernel: 3, stride: 2, dilation: 2, padding: [2, 3], groups: 2, paddingMode }),
    ),
    withLayer(
      `conv2d, same, ${paddingMode}`,
      [2, 4, 7, 9],
      torchConv(2, "padding='same'"),
      conv2d(6, { kernel: 3, padding: 'same', paddingMode }),
    ),
    withLayer(
      `conv3d, ${paddingMode}`,
      [2, 4, 4, 5, 6],
      torchConv(3, 'padding=1'),
      conv3d(6, { kernel: 3, padding: 1, paddingMode }),
    ),
  ]
})

const standardised = (gain: string, eps: number) => `layer = nn.Conv2d(6, 8, 3, padding=1, groups=2)
${gain}module = nn.ModuleDict({'layer': layer})
w = F.batch_norm(layer.weight.reshape(1, 8, -1), None, None, weight=g, training=True, momentum=0.0, eps=${eps})
y = F.conv2d(x, w.reshape_as(layer.weight), layer.bias, padding=1, groups=2)`

const standardCases: readonly TorchCase[] = [
  withLayer(
    'stdConv2d',
    [2, 6, 7, 9],
    standardised('g = None\n', 1e-5),
    stdConv2d(8, { kernel: 3, padding: 1, groups: 2, eps: 1e-5 }),
  ),
  withLayer(
    'scaledStdConv2d',
    [2, 6, 7, 9],
    standardised(
      'layer.gain = nn.Parameter(torch.rand(8, 1, 1, 1) + 0.5)\ng = (layer.gain * 1.7 * 27 ** -0.5).view(-1)\n',
      1e-6,
    ),
    scaledStdConv2d(8, { kernel: 3, padding: 1, groups: 2, gamma: 1.7 }),
  ),
]

const cases = [...paddedCases, ...standardCases]
const python = findPython('torch')

describe.skipIf(python === undefined)('as PyTorch', () => {
  const results = python === undefined ? [] : askTorch(python, cases)
  cases.forEach((torchCase, i) => {
    test(torchCase.name, () => compareWithTorch(torchCase, results[i] as (typeof results)[number]))
  })
})
