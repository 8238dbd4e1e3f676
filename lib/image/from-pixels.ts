import * as native from '../binding.js'
import { ImageError, invalidOption } from '../errors.js'
import { rethrowPublic } from '../native-error.js'
import { maxElements } from '../shape.js'
import { Tensor } from '../tensor.js'
import { prepareDigit } from './digits.js'
import { checkPixels, outputSize, type Pixels, type Preprocessing, planTransform } from './pixels.js'
import { type PresetName, resolvePreset } from './presets.js'

/**
 * Makes a network's input of one picture or of several, off the main thread: resized, cropped or padded, normalised and
 * laid out in one native pass over the bytes.
 *
 * height x width x channels bytes in, `[N, size, size, C]` out (`[N, C, size, size]` with `layout: 'nchw'`). The resize is
 * bilinear or bicubic and, where it shrinks, antialiased, as Pillow and torchvision do it, without their rounding to bytes
 * after each pass. Alpha is dropped; `decodeImage` composes it on a background instead. The bytes are copied before it returns.
 *
 * Throws `ImageError` when bytes and size disagree, `OptionError` for unknown presets, names and values of options.
 *
 * ```ts
 * import { fromPixels, modelInfo, presets } from 'im2col'
 *
 * const pixels = { data: new Uint8Array(640 * 480 * 3), width: 640, height: 480, channels: 3 } as const
 * const input = await fromPixels(pixels, 'imagenet') // [1, 224, 224, 3]
 * const large = await fromPixels(pixels, modelInfo('efficientnet_b7').preprocessing ?? 'imagenet') // [1, 600, 600, 3]
 * const small = await fromPixels([pixels, pixels], { ...presets.imagenet, size: 96, resize: 110 }) // [2, 96, 96, 3]
 * ```
 */
export async function fromPixels(
  pixels: Pixels | readonly Pixels[],
  preprocessing: PresetName | Preprocessing,
): Promise<Tensor> {
  const options = readOptions(preprocessing)
  const pictures = listOf(pixels)
  const converted = pictures.map(async (picture) => {
    if (options.prepare === undefined) return convert(picture, options)
    const shrink = beforeDigit(picture)
    const small = shrink === undefined ? picture : toBytes(await convert(picture, shrink), shrink)
    return convert(prepareDigit(small), options)
  })
  return toTensor(await Promise.all(converted), options)
}

/** The same on the calling thread, which it blocks. */
export function fromPixelsSync(pixels: Pixels | readonly Pixels[], preprocessing: PresetName | Preprocessing): Tensor {
  const options = readOptions(preprocessing)
  const converted = listOf(pixels).map((picture) => {
    if (options.prepare === undefined) return convertSync(picture, options)
    const shrink = beforeDigit(picture)
    const small = shrink === undefined ? picture : toBytes(convertSync(picture, shrink), shrink)
    return convertSync(prepareDigit(small), options)
  })
  return toTensor(converted, options)
}

/** Of a colour picture. */
const MAX_OUTPUT_PIXELS = Math.floor(maxElements / 3)

function readOptions(preprocessing: PresetName | Preprocessing): Preprocessing {
  const options = resolvePreset(preprocessing)
  const [height, width] = outputSize(options)
  if (height * width > MAX_OUTPUT_PIXELS) {
    throw invalidOption('size', `of at most ${MAX_OUTPUT_PIXELS} pixels`, options.size)
  }
  return options
}

function listOf(pixels: Pixels | readonly Pixels[]): readonly Pixels[] {
  const pictures = Array.isArray(pixels) ? (pixels as readonly Pixels[]) : [pixels as Pixels]
  if (pictures.length === 0) throw new ImageError('Expected at least one picture but received none')
  for (const picture of pictures) checkPixels(picture)
  return pictures
}

function convert(picture: Pixels, options: Preprocessing): Promise<Float32Array> {
  return native.fromPixels(...pictureArguments(picture, options)).catch(rethrowPublic)
}

function convertSync(picture: Pixels, options: Preprocessing): Float32Array {
  try {
    return native.fromPixelsSync(...pictureArguments(picture, options))
  } catch (error) {
    return rethrowPublic(error)
  }
}

function pictureArguments(picture: Pixels, options: Preprocessing): native.PictureArguments {
  const { data, width, height, channels } = picture
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length)
  return [bytes, width, height, channels, planTransform(picture, options)]
}

/** Longest side of a picture that the preparation of a digit, which runs on the calling thread, looks at. */
const MAX_DIGIT_SIDE = 256

/** How a large picture of a digit is made small first. Transparent ones stay: their alpha is part of the drawing. */
function beforeDigit({ width, height, channels }: Pixels): Preprocessing | undefined {
  const longest = Math.max(width, height)
  if (longest <= MAX_DIGIT_SIDE || channels % 2 === 0) return undefined
  const side = (length: number) => Math.max(1, Math.round((length * MAX_DIGIT_SIDE) / longest))
  return { size: [side(height), side(width)], fit: 'fill', channelOrder: 'grey', scale: 1 }
}

function toBytes(values: Float32Array, shrink: Preprocessing): Pixels {
  const [height, width] = outputSize(shrink)
  return { data: Uint8Array.from(values, Math.round), width, height, channels: 1 }
}

function toTensor(images: readonly Float32Array[], options: Preprocessing): Tensor {
  const [height, width] = outputSize(options)
  const [first] = images as readonly [Float32Array]
  const channels = first.length / (height * width)
  const shape = options.layout === 'nchw' ? [channels, height, width] : [height, width, channels]
  if (images.length === 1) return new Tensor(first, [1, ...shape])
  const data = new Float32Array(images.length * first.length)
  for (const [i, image] of images.entries()) data.set(image, i * first.length)
  return new Tensor(data, [images.length, ...shape])
}
