import { describe, expect, test } from 'vitest'
import { Tensor } from '../lib/tensor.js'
import { createModel, modelInfo } from '../lib/zoo/registry.js'
import { fill, inputOf, relativeRms } from './support/golden.js'

/** First outputs of networks without a stored golden, by PyTorch in float64 under the recipe, and float32's own error there. */
const references = [
  {
    name: 'lenet5',
    error32: 2.8e-7,
    outputs: [
      -0.996521413, 3.56484914, 3.30356288, -1.80367601, 2.40511942, 0.110261895, -0.736152709, -0.342636436,
      0.617079437, -0.0589025654,
    ],
  },
  {
    name: 'lenet5_1998',
    error32: 1.4e-7,
    outputs: [
      -0.901100039, 1.37098861, 0.986711979, -0.266927391, 0.819708526, 0.718824506, 0.00482393475, 0.0484993197,
      0.866283238, 0.0803198367,
    ],
  },
  {
    name: 'alexnet_2012',
    error32: 1e-6,
    outputs: [
      -4.63411093, 2.95477843, 0.54222542, -1.87522459, 0.0715404972, -0.0736082494, -0.216602907, 1.83023369,
      -2.94930816, -3.0400424,
    ],
  },
] as const

describe('the zoo computes what PyTorch computes', () => {
  test.each(references)('$name', async ({ name, outputs, error32 }) => {
    const [height, width, channels] = modelInfo(name).inputs.input as readonly [number, number, number]
    const shape = [1, channels, height, width]
    const net = createModel(name)
    await net.loadWeights(
      new Map(
        net
          .parameters()
          .map((parameter) => [parameter.path, new Tensor(fill(parameter.path, parameter.shape), parameter.shape)]),
      ),
    )
    const session = await net.compile({ threads: 2, layout: 'nchw' })
    const { output } = await session.run({ input: new Tensor(inputOf(shape), shape) })
    session.dispose()
    expect(relativeRms(output.data.subarray(0, outputs.length), Float32Array.from(outputs))).toBeLessThan(20 * error32)
  })
})
