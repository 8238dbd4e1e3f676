import { gelu } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import {
  type Configuration,
  largeFourth,
  largeStart,
  largeThird,
  lastStage,
  mediumStart,
  mobilenetV4,
  mobilenetV4Family,
} from './mobilenet-v4-blocks.js'

const variant = defineFamily(mobilenetV4Family)

/** The paper's tables of the hybrid models. */
const medium: Configuration = {
  stemWidth: 32,
  isScaled: true,
  stages: [
    ...mediumStart,
    [
      { start: 3, middle: 5, expansion: 6, width: 160, stride: 2 },
      { start: 0, middle: 0, expansion: 2, width: 160 },
      { start: 3, middle: 3, expansion: 4, width: 160 },
      { start: 3, middle: 5, expansion: 4, width: 160 },
      { heads: 4, headSize: 64, keyStride: 2, width: 160 },
      { start: 3, middle: 3, expansion: 4, width: 160 },
      { heads: 4, headSize: 64, keyStride: 2, width: 160 },
      { start: 3, middle: 0, expansion: 4, width: 160 },
      { heads: 4, headSize: 64, keyStride: 2, width: 160 },
      { start: 3, middle: 3, expansion: 4, width: 160 },
      { heads: 4, headSize: 64, keyStride: 2, width: 160 },
      { start: 3, middle: 0, expansion: 4, width: 160 },
    ],
    [
      { start: 5, middle: 5, expansion: 6, width: 256, stride: 2 },
      { start: 5, middle: 5, expansion: 4, width: 256 },
      { start: 3, middle: 5, expansion: 4, width: 256, depth: 2 },
      { start: 0, middle: 0, expansion: 2, width: 256 },
      { start: 3, middle: 5, expansion: 2, width: 256 },
      { start: 0, middle: 0, expansion: 2, width: 256 },
      { start: 0, middle: 0, expansion: 4, width: 256 },
      { heads: 4, headSize: 64, width: 256 },
      { start: 3, middle: 0, expansion: 4, width: 256 },
      { heads: 4, headSize: 64, width: 256 },
      { start: 5, middle: 5, expansion: 4, width: 256 },
      { heads: 4, headSize: 64, width: 256 },
      { start: 5, middle: 0, expansion: 4, width: 256 },
      { heads: 4, headSize: 64, width: 256 },
      { start: 5, middle: 0, expansion: 4, width: 256 },
    ],
    lastStage,
  ],
}

const large: Configuration = {
  stemWidth: 24,
  activation: gelu(),
  isScaled: true,
  stages: [
    ...largeStart,
    [
      ...largeThird,
      { start: 5, middle: 3, expansion: 4, width: 192, depth: 2 },
      { heads: 8, headSize: 48, keyStride: 2, width: 192 },
      { start: 5, middle: 3, expansion: 4, width: 192 },
      { heads: 8, headSize: 48, keyStride: 2, width: 192 },
      { start: 5, middle: 3, expansion: 4, width: 192 },
      { heads: 8, headSize: 48, keyStride: 2, width: 192 },
      { start: 5, middle: 3, expansion: 4, width: 192 },
      { heads: 8, headSize: 48, keyStride: 2, width: 192 },
      { start: 3, middle: 0, expansion: 4, width: 192 },
    ],
    [
      ...largeFourth,
      { heads: 8, headSize: 64, width: 512 },
      { start: 5, middle: 0, expansion: 4, width: 512 },
      { heads: 8, headSize: 64, width: 512 },
      { start: 5, middle: 0, expansion: 4, width: 512 },
      { heads: 8, headSize: 64, width: 512 },
      { start: 5, middle: 0, expansion: 4, width: 512 },
      { heads: 8, headSize: 64, width: 512 },
      { start: 5, middle: 0, expansion: 4, width: 512 },
    ],
    lastStage,
  ],
}

/**
 * MobileNet v4 Hybrid-Medium, with attention: `[256, 256, 3]` -> `[1000]`. Qin et al., arXiv:2404.10518.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenetv4_hybrid_medium', { numClasses: 10 })
 * ```
 */
export const mobilenetV4HybridMedium = variant(
  'mobilenetv4_hybrid_medium',
  { parameters: 11_074_648, macs: 1_229_240_320, inputs: { input: [256, 256, 3] } },
  mobilenetV4(medium),
)

/** MobileNet v4 Hybrid-Large, with attention: `[384, 384, 3]` -> `[1000]`. */
export const mobilenetV4HybridLarge = variant(
  'mobilenetv4_hybrid_large',
  { parameters: 37_764_624, macs: 7_372_138_496, inputs: { input: [384, 384, 3] } },
  mobilenetV4(large),
)
