import { describe, expect, test } from 'vitest'
import { fromPixelsSync } from '../lib/image/from-pixels.js'
import { type Pixels, type Preprocessing, planTransform } from '../lib/image/pixels.js'
import { describePicture, presets, withSize } from '../lib/image/presets.js'
import { listModels, modelInfo } from '../lib/zoo/registry.js'

const blank = (width: number, height: number): Pixels => ({
  data: new Uint8Array(width * height * 3),
  width,
  height,
  channels: 3,
})

/** Features, not pixels, though they may have as many axes. */
const withoutPictures = [
  'audio-classification',
  'sequence-modeling',
  'text-classification',
  'time-series-classification',
]

describe('the preprocessing of every network', () => {
  const models = listModels()

  test.each(models)('$name', ({ task, inputs, preprocessing }) => {
    if (withoutPictures.includes(task)) {
      expect(preprocessing).toBeUndefined()
      return
    }
    const options = preprocessing as Preprocessing
    const [depthOrNot, shape] = [Object.values(inputs)[0]?.slice(0, -3), Object.values(inputs)[0]?.slice(-3)]
    const [height, width, channels] = shape as [number, number, number]
    expect(depthOrNot?.length).toBeLessThanOrEqual(1)
    const plan = planTransform(blank(40, 30), options)
    expect([plan.height, plan.width]).toEqual([height, width])
    // Several pictures side by side in the channels are described one by one.
    expect([6, 12]).toContain([1, 3].includes(channels) ? 6 : channels)
    if (channels <= 3) expect(plan.channels).toBe(channels)
    for (const [w, h] of [
      [40, 30],
      [30, 40],
      [37, 37],
    ] as const) {
      const { resizedWidth, resizedHeight } = planTransform(blank(w, h), options)
      const covers = resizedWidth >= width && resizedHeight >= height
      expect(covers || options.fit === 'contain', `${w} x ${h}`).toBe(true)
    }
  })

  test.each([
    ['efficientnet_b7', 600, 3],
    ['efficientnet_b1', 240, 3],
    ['inception_v3', 299, 3],
    ['fcn_resnet50', 520, 3],
    ['lenet5', 28, 1],
  ] as const)('gives %s what it takes', (name, size, channels) => {
    const { preprocessing } = modelInfo(name)
    expect(fromPixelsSync(blank(60, 50), preprocessing as Preprocessing).shape).toEqual([1, size, size, channels])
  })
})

/** As torchvision's transforms of the default weights and timm's configurations say. */
describe('published preprocessing', () => {
  const { imagenet, inception, kinetics } = presets
  const bicubic = 'bicubic'

  test.each<[string, Preprocessing]>([
    ['resnet50', { ...imagenet, resize: 232 }],
    ['resnet34', imagenet],
    ['vgg16', imagenet],
    ['convnext_tiny', { ...imagenet, resize: 236, interpolation: 'bilinear' }],
    ['efficientnet_b1', { ...imagenet, size: 240, resize: 255, interpolation: 'bilinear' }],
    ['efficientnet_b3', { ...imagenet, size: 300, resize: 320, interpolation: bicubic }],
    ['efficientnet_b7', { ...imagenet, size: 600, resize: undefined, interpolation: bicubic }],
    ['efficientnet_v2_l', { ...inception, size: 480, resize: undefined, interpolation: bicubic }],
    ['inception_v3', { ...inception, size: 299, resize: 342 }],
    ['fcn_resnet50', { ...imagenet, size: 520, resize: undefined }],
    ['mobilenetv4_conv_small_050', { ...inception, resize: 256, interpolation: bicubic }],
    ['mobilenetv4_conv_large', { ...imagenet, size: 384, resize: 404, interpolation: bicubic }],
    ['resnetrs152', { ...imagenet, size: 256, resize: undefined, interpolation: bicubic }],
    ['dm_nfnet_f1', { ...imagenet, resize: 246, fit: 'fill', interpolation: bicubic }],
    ['convnextv2_huge', { ...imagenet, size: 384, resize: undefined, fit: 'fill', interpolation: bicubic }],
    ['r3d_18', kinetics],
    ['bninception', { ...presets['imagenet-bgr-caffe'], mean: [104, 117, 128] }],
    ['nin_imagenet', presets['imagenet-bgr-caffe']],
    ['resnet20_cifar10', presets.cifar10],
    ['ssd512_vgg', presets.ssd512],
  ])('of %s', (name, expected) => {
    expect(modelInfo(name).preprocessing).toEqual(expected)
  })
})

describe('preprocessing for a size', () => {
  test('keeps the crop in proportion', () => {
    expect(withSize(presets.imagenet, [448, 448])).toEqual({ ...presets.imagenet, size: 448, resize: 512 })
    expect(withSize(presets.kinetics, [224, 224])).toMatchObject({ size: 224, resize: [256, 342] })
    expect(withSize(presets.yolo, [320, 416])).toEqual({ size: [320, 416], fit: 'fill', resize: undefined })
  })

  test('rounds the resized side down when the crop is stated, and lets a stated side win', () => {
    expect(describePicture({ crop: 0.95 }, [224, 224]).resize).toBe(235)
    expect(describePicture({ crop: 224 / 232 }, [224, 224]).resize).toBe(232)
    expect(describePicture({ crop: 0.95, resize: 250 }, [224, 224]).resize).toBe(250)
    expect(describePicture({ crop: 1 }, [224, 224]).resize).toBeUndefined()
  })
})
