import { expect, test } from 'vitest'
import { reparameterize } from '../lib/index.js'
import { replknet } from '../lib/zoo/replknet-body.js'
import { hasGolden } from './support/golden.js'
import { compareWithGolden } from './support/run-golden.js'

test.skipIf(!hasGolden('replknet_tiny'))('a small RepLKNet computes what the authors’ code computes', async () => {
  const net = replknet({
    kernels: [31, 29, 27, 13],
    depths: [1, 1, 2, 1],
    widths: [16, 32, 64, 128],
    smallKernel: 5,
  })
  const { error, tolerance, model } = await compareWithGolden('replknet_tiny', net())
  expect(error).toBeLessThan(tolerance)
  const merged = reparameterize(model).graph.nodes.filter(({ path }) => path.endsWith('reparam_conv'))
  expect(merged.map(({ path }) => path.replace('.large_kernel.reparam_conv', ''))).toEqual([
    'stages.0.blocks.0',
    'stages.1.blocks.0',
    'stages.2.blocks.0',
    'stages.2.blocks.2',
    'stages.3.blocks.0',
  ])
})
