import {
  type AnySym,
  abs,
  conv2d,
  dense,
  flatten,
  maxPool2d,
  module,
  relu,
  sequential,
  sigmoid,
  subtract,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'siamese',
  task: 'embedding',
  paper: {
    title: 'Siamese Neural Networks for One-shot Image Recognition',
    authors: 'Koch, Zemel, Salakhutdinov',
    year: 2015,
    url: 'https://www.cs.cmu.edu/~rsalakhu/papers/oneshot1.pdf',
  },
  inputs: { first: [105, 105, 1], second: [105, 105, 1] },
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

/** Output channels and kernels of the convolutions, with pooling between them. */
const convs = [
  [64, 10],
  [128, 7],
  [128, 4],
  [256, 4],
] as const

/**
 * The twin network for characters: two pictures `[105, 105, 1]` -> the probability `[1]` that they show the same. Koch et al., 2015.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('siamese_one_shot')
 * ```
 */
export const siameseOneShot = variant('siamese_one_shot', { parameters: 38_951_745, macs: 1_817_251_840 }, () => {
  const halve = maxPool2d({ kernel: 2 })
  const layers = convs.flatMap(([width, kernel]) => [halve, conv2d(width, { kernel }), relu])
  const m = { conv: sequential(...layers.slice(1)), fc: dense(4096), out: dense(1) }
  return module(m, ({ first, second }: { readonly first: AnySym; readonly second: AnySym }) => {
    const embed = (x: AnySym): AnySym => sigmoid(m.fc(flatten(m.conv(x))))
    return sigmoid(m.out(abs(subtract(embed(first), embed(second)) as AnySym)))
  })
})
