import { closest } from 'fastest-levenshtein'
import { OptionError, show } from '../errors.js'
import type { Preprocessing } from './pixels.js'

/**
 * Preprocessing by the convention of the weights.
 *
 * - `imagenet`: torchvision's, shorter side 256, centre 224 x 224, RGB, by the data set's mean and deviation
 * - `inception`: the same cut, from -1 to 1; GoogLeNet's weights in torchvision
 * - `imagenet-bgr-caffe`: the same cut in BGR, 0..255 minus Caffe's mean
 * - `digits`: one handwritten digit, dark or bright, as MNIST's 28 x 28
 */
export const presets = {
  imagenet: { size: 224, resize: 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  inception: { size: 224, resize: 256, mean: 0.5, std: 0.5 },
  'imagenet-bgr-caffe': { size: 224, resize: 256, channelOrder: 'bgr', scale: 1, mean: [104, 117, 123] },
  digits: { size: 28, fit: 'fill', channelOrder: 'grey', mean: 0.1307, std: 0.3081, prepare: 'digit' },
} as const satisfies Record<string, Preprocessing>

export type PresetName = keyof typeof presets

/** The preset of a name, or what is given itself. Throws `OptionError` for a name that does not exist. */
export function resolvePreset(preset: PresetName | Preprocessing): Preprocessing {
  if (typeof preset !== 'string') return preset
  if (Object.hasOwn(presets, preset)) return presets[preset]
  const names = Object.keys(presets)
  throw new OptionError(`There is no preset ${show(preset)}; did you mean ${show(closest(preset, names))}?`, {
    expected: names,
    actual: preset,
  })
}
