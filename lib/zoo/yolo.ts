import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  type Layer,
  leakyRelu,
  maxPool2d,
  module,
  pad,
  resize,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const facts = {
  task: 'object-detection',
  inputs: { input: [416, 416, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  preprocessing: 'yolo',
} as const

const v2Variant = defineFamily({
  ...facts,
  family: 'yolo_v2',
  numClasses: 20,
  paper: {
    title: 'YOLO9000: Better, Faster, Stronger',
    authors: 'Redmon, Farhadi',
    year: 2016,
    url: 'https://arxiv.org/abs/1612.08242',
  },
})

const v3Variant = defineFamily({
  ...facts,
  family: 'yolo_v3',
  numClasses: 80,
  paper: {
    title: 'YOLOv3: An Incremental Improvement',
    authors: 'Redmon, Farhadi',
    year: 2018,
    url: 'https://arxiv.org/abs/1804.02767',
  },
})

const activation = leakyRelu({ negativeSlope: 0.1 }) as Layer

/** A layer and its parameters, called after its number in the network's list as the published PyTorch code does. */
interface Section {
  readonly children: object
  readonly apply: Layer
}

const convolution = (index: number, width: number, kernel: 1 | 3): Section => {
  const [conv, norm] = [conv2d(width, { kernel, padding: (kernel - 1) / 2, bias: false }), batchNorm()]
  return {
    children: { [`conv_${index}`]: conv, [`batch_norm_${index}`]: norm },
    apply: (x) => activation(norm(conv(x) as AnySym)),
  }
}

const head = (index: number, channels: number): Section => {
  const conv = conv2d(channels, { kernel: 1 }) as Layer
  return { children: { [`conv_${index}`]: conv }, apply: conv }
}

const halving = maxPool2d({ kernel: 2 }) as Layer
const slide = maxPool2d({ kernel: 2, stride: 1 }) as Layer
const margin = pad([
  [0, 1],
  [0, 1],
  [0, 0],
]) as Layer

/** Pools that a section is followed by; the last keeps the size. */
const behind = (index: number): Layer => (index < 10 ? halving : (x) => slide(margin(x)))

/** Six convolutions, each with a pool behind it, and a seventh: sections 0 to 12 of both tiny networks. */
const trunk = (): readonly Section[] => {
  const pooled = [16, 32, 64, 128, 256, 512].map((width, i) => convolution(2 * i, width, 3))
  return [...pooled, convolution(12, 1024, 3)]
}

/** Section 8 is the last whose map the finer head reads. */
const runTrunk = (sections: readonly Section[], x: AnySym): { readonly fine: AnySym; readonly coarse: AnySym } =>
  sections.reduce(
    ({ fine, coarse }, { apply }, i) => {
      const map = apply(coarse)
      return { fine: i === 4 ? map : fine, coarse: i < 6 ? behind(2 * i)(map) : map }
    },
    { fine: x, coarse: x },
  )

const listOf = (sections: readonly (readonly [index: number, section: Section])[]) => ({
  module_list: Object.fromEntries(sections.map(([index, { children }]) => [index, children])),
})

const numbered = (sections: readonly Section[]) => sections.map((section, i) => [2 * i, section] as const)

/** Box, objectness and scores of the classes for each anchor of a pixel. */
const rowWidth = (numClasses: number): number => 5 + numClasses

/**
 * Tiny YOLO v2 for Pascal VOC: `[416, 416, 3]` -> `[13, 13, 125]`, which `decodeYolo` makes boxes of. Redmon and Farhadi,
 * arXiv:1612.08242.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('yolov2_tiny_voc', { numClasses: 3 })
 * ```
 */
export const yolov2TinyVoc = v2Variant(
  'yolov2_tiny_voc',
  { parameters: 15_861_773, macs: 3_485_520_896 },
  ({ numClasses = 20 }: ClassifierOptions = {}) => {
    const sections = trunk()
    const [last, output] = [convolution(13, 1024, 3), head(14, 5 * rowWidth(numClasses))]
    return module(listOf([...numbered(sections), [13, last], [14, output]]), (x: AnySym) =>
      output.apply(last.apply(runTrunk(sections, x).coarse)),
    )
  },
)

/**
 * Tiny YOLO v3: `[416, 416, 3]` -> `coarse` `[13, 13, 255]` and `fine` `[26, 26, 255]`, which `decodeYolo` makes boxes of. Redmon and
 * Farhadi, arXiv:1804.02767.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('yolov3_tiny', { numClasses: 3 })
 * ```
 */
export const yolov3Tiny = v3Variant(
  'yolov3_tiny',
  { parameters: 8_852_366, macs: 2_782_480_896 },
  ({ numClasses = 80 }: ClassifierOptions = {}) => {
    const sections = trunk()
    const channels = 3 * rowWidth(numClasses)
    const [narrow, wide, coarse] = [convolution(13, 256, 1), convolution(14, 512, 3), head(15, channels)]
    const [lateral, merged, fine] = [convolution(18, 128, 1), convolution(21, 256, 3), head(22, channels)]
    const doubled = resize({ scaleFactor: 2 }) as Layer
    const all = [
      ...numbered(sections),
      ...([
        [13, narrow],
        [14, wide],
        [15, coarse],
      ] as const),
      ...([
        [18, lateral],
        [21, merged],
        [22, fine],
      ] as const),
    ]
    return module(listOf(all), (x: AnySym) => {
      const maps = runTrunk(sections, x)
      const reduced = narrow.apply(maps.coarse)
      const joined = concat(doubled(lateral.apply(reduced)), maps.fine) as AnySym
      return { coarse: coarse.apply(wide.apply(reduced)), fine: fine.apply(merged.apply(joined)) }
    })
  },
)
