import { describe, expect, test } from 'vitest'
import { createModel } from '../lib/zoo/registry.js'
import { floatState, readGolden } from './support/golden.js'
import { goldenNames } from './support/run-golden.js'
import { hasShared } from './support/shared.js'

const covered = `alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg16_bn resnet18 resnet34 resnet50 resnet101
  squeezenet1_0 squeezenet1_1 googlenet mobilenet_v2 densenet121`.split(/\s+/)

describe.skipIf(!hasShared('golden/nets'))('the zoo has the parameters and the work of the reference', () => {
  test('for all networks that are known to have one', () => {
    expect(goldenNames()).toEqual(expect.arrayContaining(covered))
  })

  test.each(goldenNames())('%s', (name) => {
    const golden = readGolden(`tv-${name}`)
    const [, channels, height, width] = golden.input
    const net = createModel(name)
    expect(net.inputs.input).toEqual([height, width, channels])
    expect(net.parameterCount).toBe(golden.params)
    expect(net.macs).toBe(golden.macs)
    expect(net.parameters().map((parameter) => [parameter.path, parameter.shape])).toEqual(floatState(golden))
  })
})
