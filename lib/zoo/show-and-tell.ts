import {
  type AnySym,
  batchNorm,
  dense,
  flatten,
  globalAvgPool,
  lstm,
  module,
  pointwiseDense,
  reshape,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { bottleneck, residualBody } from './residual.js'

const vocabularySize = 9956

const variant = defineFamily({
  family: 'show_and_tell',
  task: 'image-captioning',
  paper: {
    title: 'Show and Tell: A Neural Image Caption Generator',
    authors: 'Vinyals, Toshev, Bengio, Erhan',
    year: 2014,
    url: 'https://arxiv.org/abs/1411.4555',
  },
  inputs: { image: [224, 224, 3], words: [20, vocabularySize] },
  minInputSize: 1,
  fixedChannels: true,
  preprocessing: 'imagenet',
})

interface Inputs {
  readonly image: AnySym
  /** One of them for each step, as a vector that is 1 at the word's number. */
  readonly words: AnySym
}

/**
 * Captions on ResNet-152: `image` `[224, 224, 3]` and the `words` so far `[20, 9956]`, each 1 at its number -> `[20, 9956]`, logits of
 * the word behind each. Vinyals et al., arXiv:1411.4555.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('show_and_tell_resnet152')
 * ```
 */
export const showAndTellResnet152 = variant(
  'show_and_tell_resnet152',
  { parameters: 67_901_988, macs: 11_698_057_216 },
  () => {
    const body = residualBody(bottleneck, [3, 8, 36, 3])
    const embedding = 256
    const m = {
      encoder: body.children,
      pool: globalAvgPool(),
      linear: dense(embedding),
      bn: batchNorm(),
      embed: pointwiseDense(embedding, { bias: false }),
      lstm: lstm(512),
      fc: pointwiseDense(vocabularySize),
    }
    const asSeries = reshape([1, embedding])
    return module(m, ({ image, words }: Inputs) => {
      const seen = asSeries(m.bn(m.linear(flatten(m.pool(body.apply(image))))))
      const { hidden, cell } = m.lstm.withStates(seen)
      return m.fc(m.lstm.withStates(m.embed(words), { hidden, cell }).output)
    })
  },
)
