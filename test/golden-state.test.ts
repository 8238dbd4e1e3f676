import { describe, expect, test } from 'vitest'
import { createModel } from '../lib/zoo/registry.js'
import { floatState, readGolden } from './support/golden.js'
import { goldenNames } from './support/run-golden.js'
import { hasShared } from './support/shared.js'

const covered = `alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg16_bn resnet18 resnet34 resnet50 resnet101
  resnext50_32x4d wide_resnet50_2 squeezenet1_0 squeezenet1_1 googlenet inception_v3 densenet121 mobilenet_v2
  mobilenet_v3_large mobilenet_v3_small mnasnet0_5 mnasnet1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_0
  efficientnet_b0 efficientnet_b1 regnet_y_400mf regnet_x_800mf convnext_tiny convnext_small`.split(/\s+/)

describe.skipIf(!hasShared('golden/nets'))('the zoo has the parameters and the work of the reference', () => {
  test('for all networks that are known to have one', () => {
    expect(goldenNames()).toEqual(expect.arrayContaining(covered))
  })

  test.each(goldenNames())('%s', (name) => {
    const golden = readGolden(`tv-${name}`)
    const [, channels, height, width] = golden.input as readonly [number, number, number, number]
    const net = createModel(name, { inputSize: [height, width] })
    expect(net.inputs.input).toEqual([height, width, channels])
    expect(net.parameterCount).toBe(golden.params)
    expect(net.macs).toBe(golden.macs)
    expect(net.parameters().map((parameter) => [parameter.path, parameter.shape])).toEqual(floatState(golden))
  })
})
