import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createModel } from '../../lib/index.js'
import { Tensor } from '../../lib/tensor.js'
import { hasShared, sharedPath } from '../support/shared.js'

const picturesPath = 'data/cifar10/cifar10_test_1000.bin'
const weightsPath = (name: string) => `data/cifar10/model/${name}.safetensors`

/** What the weights were trained with: red, green, blue. */
const mean = [0.485, 0.456, 0.406]
const deviation = [0.229, 0.224, 0.225]

const side = 32
const plane = side * side
const batch = 100

/** Records of CIFAR-10's binary format: the class, then three planes of bytes. */
function readPictures(): { readonly labels: readonly number[]; readonly pixels: Float32Array } {
  const bytes = readFileSync(sharedPath(picturesPath))
  const record = 1 + 3 * plane
  const count = bytes.length / record
  const pixels = Float32Array.from({ length: count * 3 * plane }, (_, i) => {
    const [picture, at] = [Math.floor(i / (3 * plane)), i % (3 * plane)]
    const channel = Math.floor(at / plane)
    const value = (bytes[picture * record + 1 + at] as number) / 255
    return (value - (mean[channel] as number)) / (deviation[channel] as number)
  })
  return { labels: Array.from({ length: count }, (_, i) => bytes[i * record] as number), pixels }
}

const largest = (values: Float32Array): number => values.indexOf(Math.max(...values))

async function classesOf(name: string, pixels: Float32Array): Promise<readonly number[]> {
  const net = createModel(name)
  await net.loadWeights(sharedPath(weightsPath(name)))
  const session = await net.compile({ layout: 'nchw' })
  try {
    const classes: number[] = []
    for (let first = 0; first < pixels.length; first += batch * 3 * plane) {
      const input = new Tensor(pixels.slice(first, first + batch * 3 * plane), [batch, 3, side, side])
      const { output } = await session.run({ input })
      const logits = output?.data as Float32Array
      for (let at = 0; at < logits.length; at += 10) classes.push(largest(logits.subarray(at, at + 10)))
    }
    return classes
  } finally {
    session.dispose()
  }
}

/** Right answers among the 1,000 pictures, as stated beside the weights. */
const rightAnswers = [
  ['resnet20_cifar10', 915],
  ['resnet32_cifar10', 928],
  ['resnet56_cifar10', 926],
] as const

const hasAll = [picturesPath, ...rightAnswers.map(([name]) => weightsPath(name))].every(hasShared)

test.skipIf(!hasAll).each(rightAnswers)('%s is right on %i of 1000 pictures', async (name, expected) => {
  const { labels, pixels } = readPictures()
  const classes = await classesOf(name, pixels)
  expect(classes).toHaveLength(1000)
  expect(classes.filter((found, i) => found === labels[i])).toHaveLength(expected)
})
