import {
  type AnySym,
  channelShuffle,
  concat,
  type Layer,
  maxPool2d,
  module,
  pad,
  pixelUnshuffle,
  reshape,
  resize,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { darknet19Sections, darknet53Body, halve, outputSection, type Sections, section } from './darknet-body.js'

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

const slide = maxPool2d({ kernel: 2, stride: 1 }) as Layer
const margin = pad([
  [0, 1],
  [0, 1],
  [0, 0],
]) as Layer

/** Pools that a section is followed by; the last keeps the size. */
const behind = (index: number): Layer => (index < 10 ? halve : (x) => slide(margin(x)))

/** Six convolutions, each with a pool behind it, and a seventh: sections 0 to 12 of both tiny networks. */
const trunk = (): readonly Layer[] => {
  const pooled = [16, 32, 64, 128, 256, 512].map((width, i) => section(2 * i, width, 3))
  return [...pooled, section(12, 1024, 3)]
}

/** Section 8 is the last whose map the finer head reads. */
const runTrunk = (sections: readonly Layer[], x: AnySym): { readonly fine: AnySym; readonly coarse: AnySym } =>
  sections.reduce(
    ({ fine, coarse }, layer, i) => {
      const map = layer(coarse)
      return { fine: i === 4 ? map : fine, coarse: i < 6 ? behind(2 * i)(map) : map }
    },
    { fine: x, coarse: x },
  )

const numbered = (sections: readonly Layer[]): Sections =>
  Object.fromEntries(sections.map((layer, i) => [2 * i, layer]))

const doubled = resize({ scaleFactor: 2 }) as Layer

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
    const [last, output] = [section(13, 1024, 3), outputSection(14, 5 * rowWidth(numClasses))]
    return module({ module_list: { ...numbered(sections), 13: last, 14: output } }, (x: AnySym) =>
      output(last(runTrunk(sections, x).coarse)),
    )
  },
)

/**
 * A map at half its size with four times the channels, as Darknet's `reorg` makes it: that reads C channels in the order of memory as
 * C / 4 channels of twice the size, and gives the four places of a 2 x 2 square to four ranges of the channels.
 */
const reorganized = (x: AnySym): AnySym => {
  const [height, width, channels] = x.shape as readonly [number, number, number]
  const enlarged = reshape([2 * height, 2 * width, channels / 4])(x) as AnySym
  const places = channelShuffle(channels / 4)(pixelUnshuffle(2)(enlarged) as AnySym)
  return reshape([height / 2, width / 2, 4 * channels])(places) as AnySym
}

/** Section 16 is Darknet-19's last map before its last pool. */
const fineSection = 16

/**
 * YOLO v2 for Pascal VOC, on Darknet-19 and with its last but one map passed through: `[416, 416, 3]` -> `[13, 13, 125]`, which
 * `decodeYolo` makes boxes of, with `yoloAnchors.yolov2_voc` and `exclusive`. Redmon and Farhadi, arXiv:1612.08242.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('yolov2_voc', { numClasses: 3 })
 * ```
 */
export const yolov2Voc = v2Variant(
  'yolov2_voc',
  { parameters: 50_655_389, macs: 14_680_167_424 },
  ({ numClasses = 20 }: ClassifierOptions = {}) => {
    const sections = darknet19Sections()
    const [first, second, passed] = [section(23, 1024, 3), section(24, 1024, 3), section(26, 64, 1)]
    const [merged, output] = [section(29, 1024, 3), outputSection(30, 5 * rowWidth(numClasses))]
    const heads = { 23: first, 24: second, 26: passed, 29: merged, 30: output }
    return module({ module_list: { ...sections, ...heads } }, (x: AnySym) => {
      const run = (layers: readonly Layer[], value: AnySym) => layers.reduce((map, layer) => layer(map), value)
      const fine = run(sections.slice(0, fineSection + 1), x)
      const coarse = second(first(run(sections.slice(fineSection + 1), fine)))
      return output(merged(concat(reorganized(passed(fine)), coarse) as AnySym))
    })
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
    const [narrow, wide, coarse] = [section(13, 256, 1), section(14, 512, 3), outputSection(15, channels)]
    const [lateral, merged, fine] = [section(18, 128, 1), section(21, 256, 3), outputSection(22, channels)]
    const heads = { 13: narrow, 14: wide, 15: coarse, 18: lateral, 21: merged, 22: fine }
    return module({ module_list: { ...numbered(sections), ...heads } }, (x: AnySym) => {
      const maps = runTrunk(sections, x)
      const reduced = narrow(maps.coarse)
      const joined = concat(doubled(lateral(reduced)), maps.fine) as AnySym
      return { coarse: coarse(wide(reduced)), fine: fine(merged(joined)) }
    })
  },
)

/** Five convolutions whose map goes on to the finer scale, one more, and what is found at this scale; from the section `first` on. */
const scale = (first: number, width: number, channels: number) => {
  const shared = Array.from({ length: 5 }, (_, i) =>
    i % 2 === 0 ? section(first + i, width, 1) : section(first + i, 2 * width, 3),
  )
  const [last, output] = [section(first + 5, 2 * width, 3), outputSection(first + 6, channels)]
  const all = [...shared, last, output]
  return {
    sections: Object.fromEntries(all.map((layer, i) => [first + i, layer])) as Sections,
    reduce: (x: AnySym): AnySym => shared.reduce((map, layer) => layer(map), x),
    find: (reduced: AnySym): AnySym => output(last(reduced)),
  }
}

/**
 * YOLO v3, on Darknet-53: `[416, 416, 3]` -> `coarse` `[13, 13, 255]`, `middle` `[26, 26, 255]` and `fine` `[52, 52, 255]`, which
 * `decodeYolo` makes boxes of, with `yoloAnchors.yolov3`. Redmon and Farhadi, arXiv:1804.02767.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('yolov3', { numClasses: 3 })
 * ```
 */
export const yolov3 = v3Variant(
  'yolov3',
  { parameters: 61_949_149, macs: 32_932_037_632 },
  ({ numClasses = 80 }: ClassifierOptions = {}) => {
    const body = darknet53Body()
    const channels = 3 * rowWidth(numClasses)
    const [coarse, middle, fine] = [scale(75, 512, channels), scale(87, 256, channels), scale(99, 128, channels)]
    const [toMiddle, toFine] = [section(84, 256, 1), section(96, 128, 1)]
    const scales = { ...coarse.sections, 84: toMiddle, ...middle.sections, 96: toFine, ...fine.sections }
    return module({ module_list: { ...body.sections, ...scales } }, (x: AnySym) => {
      const [fineMap, middleMap, coarseMap] = body.maps(x).slice(2) as [AnySym, AnySym, AnySym]
      const onCoarse = coarse.reduce(coarseMap)
      const onMiddle = middle.reduce(concat(doubled(toMiddle(onCoarse)), middleMap) as AnySym)
      const onFine = fine.reduce(concat(doubled(toFine(onMiddle)), fineMap) as AnySym)
      return { coarse: coarse.find(onCoarse), middle: middle.find(onMiddle), fine: fine.find(onFine) }
    })
  },
)
