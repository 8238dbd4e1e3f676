import { closest } from '../edit-distance.js'
import { invalidOption, OptionError, show } from '../errors.js'
import type { Size2d } from '../shape.js'
import { outputSize, type Preprocessing } from './pixels.js'

/**
 * Preprocessing by the convention of many weights; `modelInfo(name).preprocessing` is that of one network's, in its size.
 *
 * - `imagenet`: torchvision's, shorter side 256, centre 224 x 224, RGB, by the data set's mean and deviation
 * - `inception`: the same cut, from -1 to 1; GoogLeNet's weights in torchvision
 * - `imagenet-bgr-caffe`: the same cut in BGR, 0..255 minus Caffe's mean
 * - `dpn`: the same cut, by the mean and deviation of the dual path networks
 * - `ssd`: stretched to 300 x 300, RGB, 0..255 minus Caffe's mean
 * - `ssd512`: the same at 512 x 512
 * - `ssdlite`: stretched to 320 x 320, from -1 to 1
 * - `retinanet`: stretched to 800 x 800, by the data set's mean and deviation
 * - `ultraface`: stretched to 320 x 240, from -1 to 1
 * - `yolo`: stretched to 416 x 416, from 0 to 1
 * - `unit`: what covers 256 x 256, from 0 to 1
 * - `cifar10`: what covers 32 x 32, by the data set's mean and deviation
 * - `kinetics`: a frame, stretched to 171 x 128, centre 112 x 112, by the data set's mean and deviation
 * - `digits`: one handwritten digit, dark or bright, as MNIST's 28 x 28
 */
export const presets = {
  imagenet: { size: 224, resize: 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  inception: { size: 224, resize: 256, mean: 0.5, std: 0.5 },
  'imagenet-bgr-caffe': { size: 224, resize: 256, channelOrder: 'bgr', scale: 1, mean: [104, 117, 123] },
  dpn: { size: 224, resize: 256, scale: 0.0167, mean: [2.0708, 1.9539, 1.7368], std: 1 },
  ssd: { size: 300, fit: 'fill', scale: 1, mean: [123, 117, 104] },
  ssd512: { size: 512, fit: 'fill', scale: 1, mean: [123, 117, 104] },
  ssdlite: { size: 320, fit: 'fill', mean: 0.5, std: 0.5 },
  retinanet: { size: 800, fit: 'fill', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  ultraface: { size: [240, 320], fit: 'fill', scale: 1, mean: 127, std: 128 },
  yolo: { size: 416, fit: 'fill' },
  unit: { size: 256 },
  cifar10: { size: 32, mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  kinetics: {
    size: 112,
    fit: 'fill',
    resize: [128, 171],
    mean: [0.43216, 0.394666, 0.37645],
    std: [0.22803, 0.22145, 0.216989],
  },
  digits: { size: 28, fit: 'fill', channelOrder: 'grey', mean: 0.1307, std: 0.3081, prepare: 'digit' },
} as const satisfies Record<string, Preprocessing>

export type PresetName = keyof typeof presets

/** The preset of a name, or what is given itself. Throws `OptionError` for a name that does not exist. */
export function resolvePreset(preset: PresetName | Preprocessing): Preprocessing {
  if (typeof preset === 'object' && preset !== null) return preset
  if (typeof preset !== 'string')
    throw invalidOption('the preset', 'the name of a preset, or an object of options', preset)
  if (Object.hasOwn(presets, preset)) return presets[preset]
  const names = Object.keys(presets)
  throw new OptionError(`There is no preset ${show(preset)}; did you mean ${show(closest(preset, names))}?`, {
    expected: names,
    actual: preset,
  })
}

/** What weights want of a picture, for a network whose input says the size: a preset, and what differs from it. */
export interface PictureFacts extends Partial<Omit<Preprocessing, 'size' | 'layout'>> {
  /** `'imagenet'` by default. */
  readonly preset?: PresetName
  /**
   * How much of the resized picture's shorter side is left by the crop; the preset's by default. 1 crops what does not fit only. `resize`
   * wins over it.
   */
  readonly crop?: number
}

/** The preprocessing for an input of `height` x `width`. */
export function describePicture(
  { preset = 'imagenet', crop, ...own }: PictureFacts,
  [height, width]: readonly [height: number, width: number],
): Preprocessing {
  const inSize = withSize(presets[preset], [height, width])
  if (crop === undefined) return { ...inSize, ...own }
  const resize = crop === 1 ? undefined : Math.floor(Math.min(height, width) / crop)
  return { ...inSize, resize, ...own }
}

/** The same for an output of another size, with the crop in proportion. */
export function withSize(
  preprocessing: Preprocessing,
  [height, width]: readonly [height: number, width: number],
): Preprocessing {
  const size = height === width ? height : ([height, width] as const)
  const [oldHeight, oldWidth] = outputSize(preprocessing)
  if (oldHeight === height && oldWidth === width) return { ...preprocessing, size }
  const ratio = Math.min(height, width) / Math.min(oldHeight, oldWidth)
  return { ...preprocessing, size, resize: scaled(preprocessing.resize, ratio) }
}

const pair = (size: Size2d): readonly [height: number, width: number] =>
  typeof size === 'number' ? [size, size] : size

function scaled(resize: Size2d | undefined, ratio: number): Size2d | undefined {
  if (resize === undefined) return undefined
  // Rounded down as timm does.
  const [height, width] = pair(resize)
  const [down, across] = [Math.floor(height * ratio), Math.floor(width * ratio)]
  return typeof resize === 'number' ? down : [down, across]
}
