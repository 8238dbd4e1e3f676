import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { classify } from '../lib/classify.js'
import { decodeImage } from '../lib/image/decode.js'
import { fromPixels } from '../lib/image/from-pixels.js'
import { dense, flatten, model, sequential, softmax, Tensor } from '../lib/index.js'
import { hasShared, sharedPath } from './support/shared.js'
import { loadSqueezeNet, preset, readAnswers, weightsPath } from './support/squeezenet-photos.js'

const digits = join(import.meta.dirname, '../demo/digits')
const digitFiles = readdirSync(digits).filter((name) => name.endsWith('.png'))
const firstDigit = join(digits, digitFiles[0] as string)

/** `[2, 2, 3]` to 4 classes: class c is c times the mean of the first pixel's red. */
const tiny = async (end?: typeof softmax) => {
  const input = [2, 2, 3] as const
  const net =
    end === undefined
      ? model({ input }, sequential(flatten, dense(4)))
      : model({ input }, sequential(flatten, dense(4), end))
  const weight = new Float32Array(48)
  for (let c = 0; c < 4; c++) weight[c * 12] = c
  await net.loadWeights({ '1.weight': new Tensor(weight, [4, 12]), '1.bias': Tensor.zeros([4]) })
  return net
}
const red = { data: new Uint8Array(12).fill(255), width: 2, height: 2, channels: 3 } as const
const tinyOptions = { preset: { size: 2, scale: 1 / 255 } } as const

describe('the digits of the demo', () => {
  it('are all read right by the network that the package ships', async () => {
    expect(digitFiles.length).toBeGreaterThanOrEqual(20)
    const answers = await classify(
      digitFiles.map((name) => join(digits, name)),
      'lenet5',
    )
    expect(answers.map(([best]) => best?.label)).toEqual(digitFiles.map((name) => name[0]))
  })
})

describe.skipIf(!hasShared(weightsPath))('SqueezeNet 1.1', () => {
  const answers = readAnswers()
  const squeezeNet = hasShared(weightsPath) ? loadSqueezeNet() : undefined

  it.each(Object.entries(answers))(
    'gives %s the class that onnxruntime gives it',
    async (name, [index, probability]) => {
      const net = await squeezeNet
      const [best] = await classify(sharedPath(`data/photos/${name}`), net as NonNullable<typeof net>, {
        preset,
        top: 1,
      })
      expect(best?.index).toBe(index)
      expect(best?.probability).toBeCloseTo(probability, 4)
    },
  )

  // Of the photos whose class is evident, onnxruntime itself takes the Samoyed for a wolf and the rocket for a pole.
  it.each([
    ['bird.png', [19]],
    ['cat_720p.jpg', [285]],
    ['cat_coral.png', [285]],
    ['cat_test_0.png', [281, 282, 285]],
    ['cat_train_0.png', [281, 282, 285]],
    ['chelsea.png', [281, 282, 285]],
    ['coffee.png', [967]],
    ['dragonfly.png', [319]],
    ['hot_dog.jpg', [934]],
    ['hotdog_test_0.png', [934]],
    ['hotdog_train_0.png', [934]],
    ['hotdog_train_1.png', [934]],
    ['parrot.jpg', [88]],
    ['camera.png', [872]],
    ['potato_chips.png', [692]],
  ])('sees what is evident in %s', (name, classes) => {
    expect(classes).toContain(answers[name]?.[0])
  })
})

describe('classify', () => {
  it('ranks classes by softmax and names them', async () => {
    const net = await tiny()
    const sum = 1 + Math.E + Math.E ** 2 + Math.E ** 3
    const [best, second] = await classify(red, net, { ...tinyOptions, labels: ['a', 'b', 'c', 'd'] })
    expect(best).toEqual({ label: 'd', index: 3, probability: expect.closeTo(Math.E ** 3 / sum, 6) })
    expect(second).toEqual({ label: 'c', index: 2, probability: expect.closeTo(Math.E ** 2 / sum, 6) })
    expect(await classify(red, net, { ...tinyOptions, top: 2 })).toHaveLength(2)
    expect((await classify(red, net, { ...tinyOptions, top: 9 })).map(({ label }) => label)).toEqual([
      '3',
      '2',
      '1',
      '0',
    ])
  })

  it('applies no second softmax, neither to a model nor to its session', async () => {
    const expected = await classify(red, await tiny(), tinyOptions)
    const net = await tiny(softmax)
    const session = await net.compile()
    for (const classifier of [net, session]) {
      const answer = await classify(red, classifier, tinyOptions)
      expect(answer.map(({ index }) => index)).toEqual(expected.map(({ index }) => index))
      for (const [i, { probability }] of answer.entries())
        expect(probability).toBeCloseTo(expected[i]?.probability ?? 0, 5)
    }
    session.dispose()
  })

  it('takes a session of either layout', async () => {
    const net = await tiny()
    const half = { ...red, data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) }
    const expected = await classify(half, net, tinyOptions)
    for (const layout of ['nhwc', 'nchw'] as const) {
      const session = await net.compile({ layout })
      expect(await classify(half, session, tinyOptions)).toEqual(expected)
      session.dispose()
    }
  })

  it('takes several pictures, and pixels', async () => {
    const files = digitFiles.slice(0, 3).map((name) => join(digits, name))
    const together = await classify(files, 'lenet5', { top: 1 })
    const pixels = await Promise.all(files.map((file) => decodeImage(file)))
    for (const [i, file] of files.entries()) {
      expect((await classify(file, 'lenet5', { top: 1 }))[0]?.label).toBe(together[i]?.[0]?.label)
      expect((await classify(pixels[i] as (typeof pixels)[0], 'lenet5', { top: 1 }))[0]?.label).toBe(
        together[i]?.[0]?.label,
      )
    }
    expect(await fromPixels(pixels, 'digits')).toMatchObject({ shape: [3, 28, 28, 1] })
  })

  it('uses the weights that a model has now', async () => {
    const net = await tiny()
    expect((await classify(red, net, tinyOptions))[0]?.index).toBe(3)
    const bias = new Tensor(Float32Array.of(9, 0, 0, 0), [4])
    await net.loadWeights({ '1.weight': Tensor.zeros([4, 12]), '1.bias': bias })
    expect((await classify(red, net, tinyOptions))[0]?.index).toBe(0)
  })
})

describe('classify refuses', () => {
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'a number of classes that is none',
      () => classify(firstDigit, 'lenet5', { top: 0 }),
      'ERR_OPTION',
      /top.*0 \(number\)/,
    ],
    ['labels of another count', () => classify(firstDigit, 'lenet5', { labels: ['a'] }), 'ERR_OPTION', /10 labels.*1$/],
    ['an unknown name', () => classify(firstDigit, 'lenet6'), 'ERR_UNKNOWN_MODEL', /lenet5/],
    ['a name without weights', () => classify(firstDigit, 'vgg16'), 'ERR_WEIGHTS', /no weights for "vgg16"/],
    [
      'an unknown option',
      () => classify(firstDigit, 'lenet5', { tops: 1 } as object),
      'ERR_OPTION',
      /classify has no option "tops"/,
    ],
    [
      'an unknown preset',
      () => classify(firstDigit, 'lenet5', { preset: 'digit' as 'digits' }),
      'ERR_OPTION',
      /digits/,
    ],
    [
      'a preset of other channels',
      () => classify(firstDigit, 'lenet5', { preset: 'imagenet' }),
      'ERR_SHAPE',
      /\[1, 28, 28, 3\]/,
    ],
    [
      'a signal that has aborted',
      () => classify(firstDigit, 'lenet5', { signal: AbortSignal.abort() }),
      'ERR_ABORTED',
      /aborted/,
    ],
    [
      'nothing as a model',
      () => classify(firstDigit, undefined as never),
      'ERR_OPTION',
      /a model, a session.*undefined/,
    ],
    ['an object as a model', () => classify(firstDigit, {} as never), 'ERR_OPTION', /a model, a session.*\(Object\)/],
    ['an empty preset', () => classify(firstDigit, 'lenet5', { preset: {} as never }), 'ERR_OPTION', /size/],
    ['a preset that is none', () => classify(firstDigit, 'lenet5', { preset: 7 as never }), 'ERR_OPTION', /preset.*7/],
    [
      'labels that are no list',
      () => classify(firstDigit, 'lenet5', { labels: '0123456789' as never }),
      'ERR_OPTION',
      /labels/,
    ],
    [
      'an unknown option',
      () => classify(firstDigit, 'lenet5', { topk: 1 } as never),
      'ERR_OPTION',
      /Did you mean top\?/,
    ],
    [
      'a signal that is none',
      () => classify(firstDigit, 'lenet5', { signal: new AbortController() as never }),
      'ERR_OPTION',
      /signal of classify to be an AbortSignal but received AbortController/,
    ],
  ])('%s', async (_, attempt, code, message) => {
    await expect(attempt()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('a network that is no classifier', async () => {
    const net = model({ input: [8] }, dense(2)).randomizeWeights()
    await expect(classify(red, net)).rejects.toMatchObject({ code: 'ERR_SHAPE' })
  })
})
