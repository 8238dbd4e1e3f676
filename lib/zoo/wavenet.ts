import { type AnySym, add, conv1d, type Layer, module, multiply, relu, sigmoid, tanh } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'wavenet',
  task: 'sequence-modeling',
  paper: {
    title: 'WaveNet: A Generative Model for Raw Audio',
    authors: 'van den Oord, Dieleman, Zen, Simonyan, Vinyals, Graves, Kalchbrenner, Senior, Kavukcuoglu',
    year: 2016,
    url: 'https://arxiv.org/abs/1609.03499',
  },
  inputs: { input: [1024, 256] },
  minInputSize: 1,
  numClasses: 256,
})

const residualWidth = 32
const skipWidth = 256

/** Powers of two, again and again: the receptive field doubles with every layer of a round. */
const dilations = Array.from({ length: 4 }, () => Array.from({ length: 10 }, (_, i) => 2 ** i)).flat()

const pointwise = (width: number, bias = false) => conv1d(width, { kernel: 1, bias }) as Layer

/**
 * WaveNet's stack of gated causal convolutions: samples as one of 256 levels each `[1024, 256]` -> logits of the next one `[1024, 256]`.
 * Van den Oord et al., arXiv:1609.03499.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('wavenet', { inputSize: 4096 })
 * ```
 */
export const wavenet = variant(
  'wavenet',
  { parameters: 672_256, macs: 687_865_856 },
  ({ numClasses = 256 }: ClassifierOptions = {}) => {
    const causal = (dilation: number) =>
      conv1d(residualWidth, { kernel: 2, dilation, padding: 'causal', bias: false }) as Layer
    const m = {
      start_conv: pointwise(residualWidth),
      filter_convs: dilations.map(causal),
      gate_convs: dilations.map(causal),
      residual_convs: dilations.map(() => pointwise(residualWidth)),
      skip_convs: dilations.map(() => pointwise(skipWidth)),
      end_conv_1: pointwise(skipWidth, true),
      end_conv_2: pointwise(numClasses, true),
    }
    const layer = (i: number, x: AnySym) => {
      const [filter, gate] = [m.filter_convs[i] as Layer, m.gate_convs[i] as Layer]
      const gated = multiply(tanh(filter(x)), sigmoid(gate(x))) as AnySym
      const next = add((m.residual_convs[i] as Layer)(gated), x) as AnySym
      return { next, skip: (m.skip_convs[i] as Layer)(gated) }
    }
    return module(m, (input: AnySym) => {
      const skips: AnySym[] = []
      let x = m.start_conv(input)
      for (const i of dilations.keys()) {
        const { next, skip } = layer(i, x)
        skips.push(skip)
        x = next
      }
      // Nobody reads what the last layer passes on; its weights are part of the published ones.
      const sum = skips.reduce((total, skip) => add(total, skip) as AnySym)
      return m.end_conv_2(relu(m.end_conv_1(relu(sum))))
    })
  },
)
