import { describe, test } from 'vitest'
import {
  type AnySym,
  gridSample,
  pad,
  permute,
  pixelShuffle,
  pixelUnshuffle,
  type ResizeOptions,
  reshape,
  resize,
} from '../../lib/index.js'
import { findPython } from '../support/python.js'
import { askTorch, compareWithTorch, type TorchCase } from '../support/torch-oracle.js'

const image = [2, 5, 7, 9]

const resizeCase = (shape: readonly number[], code: string, options: ResizeOptions): TorchCase => ({
  name: `resize ${shape.length - 2}-D: ${code}`,
  inputs: { x: shape },
  code: `y = F.interpolate(x, ${code})`,
  net: resize(options as never),
})

const flags = [false, true].map((value) => [value, value ? 'True' : 'False'] as const)

const imageSizes = [
  ['size=(13, 4)', { size: [13, 4] }],
  ['size=(14, 18)', { size: [14, 18] }],
  ['size=(7, 9)', { size: [7, 9] }],
  ['size=(1, 1)', { size: [1, 1] }],
  ['scale_factor=(1.7, 0.6)', { scaleFactor: [1.7, 0.6] }],
  ['scale_factor=1.05', { scaleFactor: 1.05 }],
] as const

const resizeCases = [
  ...imageSizes.flatMap(([code, options]) => [
    ...(['nearest', 'nearest-exact', 'area'] as const).map((mode) =>
      resizeCase(image, `${code}, mode='${mode}'`, { ...options, mode }),
    ),
    ...(['bilinear', 'bicubic'] as const).flatMap((mode) =>
      flags.flatMap(([alignCorners, align]) =>
        flags.map(([antialias, anti]) =>
          resizeCase(image, `${code}, mode='${mode}', align_corners=${align}, antialias=${anti}`, {
            ...options,
            mode,
            alignCorners,
            antialias,
          }),
        ),
      ),
    ),
  ]),
  ...flags.flatMap(([alignCorners, align]) => [
    resizeCase([2, 3, 11], `size=17, mode='linear', align_corners=${align}`, {
      size: 17,
      mode: 'linear',
      alignCorners,
    }),
    resizeCase([2, 3, 4, 5, 6], `size=(7, 3, 9), mode='trilinear', align_corners=${align}`, {
      size: [7, 3, 9],
      mode: 'trilinear',
      alignCorners,
    }),
  ]),
  resizeCase([2, 3, 11], "scale_factor=2.3, mode='nearest'", { scaleFactor: 2.3 }),
  resizeCase([2, 3, 4, 5, 6], "size=(7, 3, 9), mode='nearest-exact'", { size: [7, 3, 9], mode: 'nearest-exact' }),
  resizeCase([2, 3, 4, 5, 6], "size=(2, 3, 4), mode='area'", { size: [2, 3, 4], mode: 'area' }),
]

const gridCases = (['bilinear', 'nearest', 'bicubic'] as const).flatMap((mode) =>
  (['zeros', 'border', 'reflection'] as const).flatMap((padding) =>
    flags.flatMap(([alignCorners, align]): readonly TorchCase[] => {
      const code = `y = F.grid_sample(x, grid, mode='${mode}', padding_mode='${padding}', align_corners=${align})`
      const net = ({ x, grid }: Readonly<Record<'x' | 'grid', AnySym>>) =>
        gridSample(x, grid, { mode, padding, alignCorners })
      const flat = { name: code, inputs: { x: image, grid: [2, 6, 4, 2] }, code, net, scale: 1.5, tolerance: 4e-6 }
      const volume = { ...flat, name: `3-D: ${code}`, inputs: { x: [2, 3, 4, 5, 6], grid: [2, 3, 4, 5, 3] } }
      return mode === 'bicubic' ? [flat] : [flat, volume]
    }),
  ),
)

const padCases = (['constant', 'reflect', 'replicate', 'circular'] as const).flatMap((mode): readonly TorchCase[] => [
  {
    name: `pad ${mode}`,
    inputs: { x: image },
    code: `y = F.pad(x, (1, 2, 3, 4), mode='${mode}')`,
    net: pad({ left: 1, right: 2, top: 3, bottom: 4 }, { mode }),
  },
  {
    name: `pad ${mode} 1-D`,
    inputs: { x: [2, 3, 8] },
    code: `y = F.pad(x, (5, 2), mode='${mode}')`,
    net: pad({ left: 5, right: 2 }, { mode }),
  },
  {
    name: `pad ${mode} 3-D`,
    inputs: { x: [2, 3, 4, 5, 6] },
    code: `y = F.pad(x, (1, 2, 3, 4, 2, 1), mode='${mode}')`,
    net: pad({ left: 1, right: 2, top: 3, bottom: 4, front: 2, back: 1 }, { mode }),
  },
])

const moveCases: readonly TorchCase[] = [
  { name: 'pixel_shuffle', inputs: { x: [2, 18, 4, 5] }, code: 'y = F.pixel_shuffle(x, 3)', net: pixelShuffle(3) },
  { name: 'pixel_unshuffle', inputs: { x: [2, 5, 6, 4] }, code: 'y = F.pixel_unshuffle(x, 2)', net: pixelUnshuffle(2) },
  { name: 'permute', inputs: { x: image }, code: 'y = x.permute(0, 2, 3, 1)', net: permute([1, 2, 0]) },
  // PyTorch's (N, C, H, W) stands for [H, W, C] here.
  { name: 'view as a sequence', inputs: { x: image }, code: 'y = x.view(2, 5, 63)', net: reshape([63, 5]) },
  { name: 'view as an image', inputs: { x: [2, 24] }, code: 'y = x.view(2, 4, 2, 3)', net: reshape([2, 3, 4]) },
  {
    name: 'view of other channels',
    inputs: { x: [2, 4, 6, 5] },
    code: 'y = x.view(2, 8, 5, 3)',
    net: reshape([5, 3, 8]),
  },
  {
    name: 'view of unrelated sizes',
    inputs: { x: [2, 4, 9, 5] },
    code: 'y = x.reshape(2, 6, 10, 3)',
    net: reshape([10, 3, 6]),
  },
]

const cases = [...moveCases, ...padCases, ...resizeCases, ...gridCases]
const python = findPython('torch')

describe.skipIf(python === undefined)('as PyTorch', () => {
  const results = python === undefined ? [] : askTorch(python, cases)
  cases.forEach((torchCase, i) => {
    test(torchCase.name, () => compareWithTorch(torchCase, results[i] as (typeof results)[number]))
  })
})
