#!/usr/bin/env node
/**
 * Accuracy of a network that the package ships on a public test set, through the engine:
 *
 *     npm run accuracy -- mnist DIR
 *
 * DIR holds t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, gzipped or not.
 */

import { stat } from 'node:fs/promises'
import { createModel, Tensor } from 'im2col'
import { readIdx } from './idx.mjs'

const BATCH = 250
const MNIST = { mean: 0.1307, std: 0.3081, side: 28, classes: 10 }

const usage = `Usage: npm run accuracy -- TEST_SET DIR

  mnist DIR   the 10,000 test digits of MNIST through the shipped lenet5;
              DIR holds t10k-images-idx3-ubyte[.gz] and t10k-labels-idx1-ubyte[.gz]`

/** How many of the MNIST test digits in `directory` the shipped LeNet-5 reads right. */
async function mnist(directory) {
  const images = await readIdx(directory, 't10k-images-idx3-ubyte')
  const labels = await readIdx(directory, 't10k-labels-idx1-ubyte')
  const [count, ...picture] = images.shape
  if (picture.join() !== `${MNIST.side},${MNIST.side}` || labels.shape.join() !== String(count)) {
    throw new Error(
      `${directory}: expected N x ${MNIST.side} x ${MNIST.side} images and N labels ` +
        `but found ${images.shape.join(' x ')} and ${labels.shape.join(' x ')}`,
    )
  }
  const network = createModel('lenet5')
  await network.loadWeights(new URL('../weights/lenet5.safetensors', import.meta.url))
  const session = await network.compile()
  try {
    const pixels = MNIST.side ** 2
    let right = 0
    for (let first = 0; first < count; first += BATCH) {
      const size = Math.min(BATCH, count - first)
      const bytes = images.data.subarray(first * pixels, (first + size) * pixels)
      const input = Float32Array.from(bytes, (byte) => (byte / 255 - MNIST.mean) / MNIST.std)
      const { output } = await session.run({ input: new Tensor(input, [size, MNIST.side, MNIST.side, 1]) })
      for (let i = 0; i < size; i++) {
        const scores = output.data.subarray(i * MNIST.classes, (i + 1) * MNIST.classes)
        if (scores.indexOf(Math.max(...scores)) === labels.data[first + i]) right++
      }
    }
    return { right, count }
  } finally {
    session.dispose()
  }
}

const testSets = { mnist }

async function main([name, directory, ...rest]) {
  const run = Object.hasOwn(testSets, name ?? '') ? testSets[name] : undefined
  if (run === undefined || directory === undefined || rest.length > 0) {
    const reason =
      name === undefined ? 'a test set is missing' : run ? 'expected one DIR' : `there is no test set "${name}"`
    throw new Error(`${reason}\n${usage}`)
  }
  const found = await stat(directory).catch(() => undefined)
  if (!found?.isDirectory()) throw new Error(`${directory} is no directory`)
  const { right, count } = await run(directory)
  console.log(`accuracy ${(right / count).toFixed(4)} (${right}/${count})`)
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`accuracy: ${error.message}`)
  process.exitCode = 1
})
