// What a child can be told to do with a single convolution. One process serves an engine for all layers; the parent asks
// the engines in turn, layer by layer. All of them compute on the calling thread, and none has threads that spin afterwards.
import { createRequire } from 'node:module'

const Benchmark = createRequire(import.meta.url)('benchmark')

const MIN_SAMPLES = 3
/** Prime, so that the elements lie in all rows and channels. */
const OUTPUT_STRIDE = 1009

/** Numbers in [-1, 1) that depend on `seed` and the index only. */
function noise(length, seed) {
  const values = new Float32Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    values[i] = state / 2 ** 31
  }
  return values
}

/**
 * `prepare(layer, input, weights)` gives a function that computes the layer and returns its NHWC output, or undefined when
 * the engine lacks such a layer. The input is HWC, the weights are OIHW.
 */
export function layerCommands(prepare) {
  return {
    /** Seconds by benchmark.js, and every 1009th element of the output; null for a layer that the engine lacks. */
    async layer({ layer, maxSeconds }) {
      const { height, width, inChannels, outChannels, kernel, groups } = layer
      const fanIn = (inChannels / groups) * kernel ** 2
      const weights = noise(outChannels * fanIn, 2).map((w) => w * Math.sqrt(3 / fanIn))
      const run = await prepare(layer, noise(height * width * inChannels, 1), weights)
      if (run === undefined) return null
      const output = Array.from(run()).filter((_, i) => i % OUTPUT_STRIDE === 0)
      const benchmark = new Benchmark({ fn: run, maxTime: maxSeconds, minSamples: MIN_SAMPLES })
      benchmark.run({ async: false })
      if (benchmark.error) throw benchmark.error
      const { sample, rme } = benchmark.stats
      return { seconds: Array.from(sample), relativeMarginPercent: rme, output }
    },
  }
}

/** OIHW to HWIO. */
export function toHwio(weights, outChannels, inChannels, kernel) {
  const moved = new Float32Array(weights.length)
  const taps = kernel * kernel
  for (let o = 0; o < outChannels; o++) {
    for (let i = 0; i < inChannels; i++) {
      for (let tap = 0; tap < taps; tap++) {
        moved[(tap * inChannels + i) * outChannels + o] = weights[(o * inChannels + i) * taps + tap]
      }
    }
  }
  return moved
}
