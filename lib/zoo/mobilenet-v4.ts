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

/** The paper's tables 10 to 12. */
const small: Configuration = {
  stemWidth: 32,
  stages: [
    [
      { kernel: 3, width: 32, stride: 2 },
      { kernel: 1, width: 32 },
    ],
    [
      { kernel: 3, width: 96, stride: 2 },
      { kernel: 1, width: 64 },
    ],
    [
      { start: 5, middle: 5, expansion: 3, width: 96, stride: 2 },
      { start: 0, middle: 3, expansion: 2, width: 96, depth: 4 },
      { start: 3, middle: 0, expansion: 4, width: 96 },
    ],
    [
      { start: 3, middle: 3, expansion: 6, width: 128, stride: 2 },
      { start: 5, middle: 5, expansion: 4, width: 128 },
      { start: 0, middle: 5, expansion: 4, width: 128 },
      { start: 0, middle: 5, expansion: 3, width: 128 },
      { start: 0, middle: 3, expansion: 4, width: 128, depth: 2 },
    ],
    lastStage,
  ],
}

const medium: Configuration = {
  stemWidth: 32,
  stages: [
    ...mediumStart,
    [
      { start: 3, middle: 5, expansion: 6, width: 160, stride: 2 },
      { start: 3, middle: 3, expansion: 4, width: 160, depth: 2 },
      { start: 3, middle: 5, expansion: 4, width: 160 },
      { start: 3, middle: 3, expansion: 4, width: 160 },
      { start: 3, middle: 0, expansion: 4, width: 160 },
      { start: 0, middle: 0, expansion: 2, width: 160 },
      { start: 3, middle: 0, expansion: 4, width: 160 },
    ],
    [
      { start: 5, middle: 5, expansion: 6, width: 256, stride: 2 },
      { start: 5, middle: 5, expansion: 4, width: 256 },
      { start: 3, middle: 5, expansion: 4, width: 256, depth: 2 },
      { start: 0, middle: 0, expansion: 4, width: 256 },
      { start: 3, middle: 0, expansion: 4, width: 256 },
      { start: 3, middle: 5, expansion: 2, width: 256 },
      { start: 5, middle: 5, expansion: 4, width: 256 },
      { start: 0, middle: 0, expansion: 4, width: 256, depth: 2 },
      { start: 5, middle: 0, expansion: 2, width: 256 },
    ],
    lastStage,
  ],
}

const large: Configuration = {
  stemWidth: 24,
  stages: [
    ...largeStart,
    [
      ...largeThird,
      { start: 5, middle: 3, expansion: 4, width: 192, depth: 5 },
      { start: 3, middle: 0, expansion: 4, width: 192 },
    ],
    [...largeFourth, { start: 5, middle: 0, expansion: 4, width: 512, depth: 3 }],
    lastStage,
  ],
}

/**
 * MobileNet v4 Conv-Small: `[224, 224, 3]` -> `[1000]`. Qin et al., arXiv:2404.10518.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenetv4_conv_small', { numClasses: 10 })
 * ```
 */
export const mobilenetV4ConvSmall = variant(
  'mobilenetv4_conv_small',
  { parameters: 3_774_024, macs: 186_005_568, preprocessing: { crop: 0.875 } },
  mobilenetV4(small),
)

/** MobileNet v4 Conv-Small with 0.35 of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV4ConvSmall035 = variant(
  'mobilenetv4_conv_small_035',
  { parameters: 1_905_384, macs: 47_723_040, preprocessing: { preset: 'inception', crop: 0.875 } },
  mobilenetV4({ ...small, width: 0.35 }),
)

/** MobileNet v4 Conv-Small with half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV4ConvSmall050 = variant(
  'mobilenetv4_conv_small_050',
  { parameters: 2_238_952, macs: 64_741_408, preprocessing: { preset: 'inception', crop: 0.875 } },
  mobilenetV4({ ...small, width: 0.5 }),
)

/** MobileNet v4 Conv-Medium: `[256, 256, 3]` -> `[1000]`. */
export const mobilenetV4ConvMedium = variant(
  'mobilenetv4_conv_medium',
  { parameters: 9_715_512, macs: 1_080_244_224, inputs: { input: [256, 256, 3] } },
  mobilenetV4(medium),
)

/** MobileNet v4 Conv-Large: `[384, 384, 3]` -> `[1000]`. */
export const mobilenetV4ConvLarge = variant(
  'mobilenetv4_conv_large',
  { parameters: 32_590_864, macs: 6_376_220_672, inputs: { input: [384, 384, 3] } },
  mobilenetV4(large),
)
