/** What Darknet's networks share: sections that are called after their places in the authors' configurations. */

import { type AnySym, add, batchNorm, conv2d, type Layer, leakyRelu, maxPool2d, module } from '../layers/index.js'

const activation = leakyRelu({ negativeSlope: 0.1 }) as Layer

export const halve = maxPool2d({ kernel: 2, stride: 2 }) as Layer

/** A convolution, batch norm and activation; its children are named by its index among all sections, pools included. */
export const section = (index: number, width: number, kernel: number, stride = 1): Layer => {
  const conv = conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false })
  const norm = batchNorm()
  const m = { [`conv_${index}`]: conv, [`batch_norm_${index}`]: norm }
  return module(m, (x: AnySym) => activation(norm(conv(x) as AnySym)))
}

/** A convolution alone. */
export const outputSection = (index: number, channels: number): Layer => {
  const conv = conv2d(channels, { kernel: 1 }) as Layer
  return module({ [`conv_${index}`]: conv }, (x: AnySym) => conv(x))
}

/** Widths of YOLO9000's table 6, with a pool between the stages; every second kernel of a stage is 1 x 1, the others 3 x 3. */
const widths19 = [
  [32],
  [64],
  [128, 64, 128],
  [256, 128, 256],
  [512, 256, 512, 256, 512],
  [1024, 512, 1024, 512, 1024],
] as const

/** Darknet-19 without its classifier: a list whose places are the names. */
export const darknet19Sections = (): readonly Layer[] => {
  const sections: Layer[] = []
  for (const widths of widths19) {
    if (sections.length > 0) sections.push(halve)
    widths.forEach((width, i) => {
      sections.push(section(sections.length, width, i % 2 === 0 ? 3 : 1))
    })
  }
  return sections
}

/** Residual blocks in the stages of Darknet-53, YOLOv3's table 1; every stage doubles the channels. */
export const darknet53Depths = [1, 2, 8, 8, 4] as const

/** Layers by their places in a configuration. */
export type Sections = Readonly<Record<number, Layer>>

/** Darknet-53 without its classifier: its layers, and the maps that its stages end in. */
export const darknet53Body = (): { readonly sections: Sections; readonly maps: (x: AnySym) => readonly AnySym[] } => {
  const stem = section(0, 32, 3)
  const sections: Record<number, Layer> = { 0: stem }
  const place = (index: number, ...options: readonly [width: number, kernel: number, stride?: number]): Layer => {
    const layer = section(index, ...options)
    sections[index] = layer
    return layer
  }
  let next = 1
  const stages = darknet53Depths.map((depth, i) => {
    const width = 64 * 2 ** i
    const down = place(next, width, 3, 2)
    const blocks = Array.from({ length: depth }, (_, block) => {
      // The sum behind the two is a section as well.
      const first = next + 1 + 3 * block
      return [place(first, width / 2, 1), place(first + 1, width, 3)] as const
    })
    next += 1 + 3 * depth
    return (x: AnySym) => blocks.reduce((value, [reduce, restore]) => add(restore(reduce(value)), value), down(x))
  })
  return {
    sections,
    maps: (x) => {
      const maps: AnySym[] = []
      for (const stage of stages) maps.push(stage(maps.at(-1) ?? stem(x)))
      return maps
    },
  }
}
