import { describe, expect, test } from 'vitest'
import { renames } from '../lib/weights/renames.js'
import { readSafetensors } from '../lib/weights/safetensors.js'
import { matchStateDict } from '../lib/weights/state-dict.js'
import { createModel } from '../lib/zoo/registry.js'
import { hasShared, sharedPath } from './support/shared.js'

const squeezenet = 'data/imagenet/squeezenet1_1_fp32.safetensors'

describe("Caffe2's names for SqueezeNet", () => {
  test.each([
    ['caffe2-squeezenet1_0', 'squeezenet1_0'],
    ['caffe2-squeezenet1_1', 'squeezenet1_1'],
  ] as const)('%s covers every parameter of %s once', (convention, name) => {
    const layers = ['conv1', 'conv10']
    for (let i = 2; i <= 9; i++) layers.push(`fire${i}/squeeze1x1`, `fire${i}/expand1x1`, `fire${i}/expand3x3`)
    const given = layers.flatMap((layer) => [`${layer}_w_0`, `${layer}_b_0`])
    const paths = createModel(name)
      .parameters()
      .map(({ path }) => path)
    expect(given.map(renames[convention]).sort()).toEqual(paths.sort())
  })

  test.each([
    'fire10/squeeze1x1_w_0',
    'fire1/squeeze1x1_w_0',
    'fire2/squeeze3x3_w_0',
    'conv2_w_0',
    'conv1_w_1',
    'data_0',
  ])('do not include %s', (name) => {
    expect(renames['caffe2-squeezenet1_1'](name)).toBeUndefined()
  })

  test.skipIf(!hasShared(squeezenet))('fit the published file, shapes included', async () => {
    const net = createModel('squeezenet1_1')
    const given = await readSafetensors(sharedPath(squeezenet))
    const matched = matchStateDict(net.parameters(), given, { rename: renames['caffe2-squeezenet1_1'] })
    expect(matched.size).toBe(given.size)
    expect(matched.get('features.3.squeeze.weight')).toBe(given.get('fire2/squeeze1x1_w_0'))
    expect(matched.get('features.6.expand3x3.bias')).toBe(given.get('fire4/expand3x3_b_0'))
    expect(matched.get('classifier.1.weight')).toBe(given.get('conv10_w_0'))
  })
})

test("DenseNet's published names lose the dot that the network has given up", () => {
  const rename = renames['torchvision-densenet']
  expect(rename('features.denseblock1.denselayer1.norm.1.running_mean')).toBe(
    'features.denseblock1.denselayer1.norm1.running_mean',
  )
  expect(rename('features.denseblock4.denselayer16.conv.2.weight')).toBe(
    'features.denseblock4.denselayer16.conv2.weight',
  )
  for (const name of ['features.transition1.norm.weight', 'features.conv0.weight', 'classifier.bias']) {
    expect(rename(name)).toBe(name)
  }
})

test("GoogLeNet's published file loses its auxiliary classifiers", () => {
  const rename = renames['torchvision-googlenet']
  expect(rename('aux1.conv.conv.weight')).toBeUndefined()
  expect(rename('aux2.fc2.bias')).toBeUndefined()
  expect(rename('inception3a.branch1.conv.weight')).toBe('inception3a.branch1.conv.weight')
})
