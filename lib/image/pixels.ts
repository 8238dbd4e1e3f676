/** Raw pictures and how they become tensors, as plain data. */

import { ImageError, invalidOption, OptionError } from '../errors.js'
import { knownOptions } from '../layers/options.js'
import { isPositiveInteger, type Size2d } from '../shape.js'

/** Interleaved bytes, row by row: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
}

/** How a picture becomes a network's input: size, then per channel (byte * scale - mean) / std. */
export interface Preprocessing {
  /** Of the output. */
  readonly size: Size2d
  /**
   * `'cover'` (default): resized until both sides reach the size, then cropped around the centre. `'contain'`: resized to
   * lie inside, centred on `background`. `'fill'`: each side resized on its own.
   */
  readonly fit?: 'cover' | 'contain' | 'fill' | undefined
  /**
   * Length of the shorter side before the crop around the centre; by default what just covers the output. With `'fill'` also both sides,
   * `[height, width]`; one number keeps the output's proportions. Of no meaning for `'contain'`.
   */
  readonly resize?: Size2d | undefined
  /** `'bilinear'` by default, `'bicubic'` with Pillow's a = -0.5; antialiased where the picture shrinks. */
  readonly interpolation?: 'bilinear' | 'bicubic' | undefined
  /** `'rgb'` by default; `'grey'` is 0.299 R + 0.587 G + 0.114 B. */
  readonly channelOrder?: 'rgb' | 'bgr' | 'grey' | undefined
  /** 1 / 255 by default. */
  readonly scale?: number | undefined
  /** In scaled units, for all channels or one per channel in `channelOrder`; 0 by default. */
  readonly mean?: number | readonly number[] | undefined
  /** Like `mean`; 1 by default. */
  readonly std?: number | readonly number[] | undefined
  /** Turns each byte b into 255 - b first; `'auto'`: when the border of the picture is lighter than mid-grey. */
  readonly invert?: boolean | 'auto' | undefined
  /** Colour around a picture that does not fill the output, R, G, B in 0..255 (black by default), or `'border'`: the mean of its border. */
  readonly background?: readonly [red: number, green: number, blue: number] | 'border' | undefined
  /** `'digit'`: the picture of one handwritten digit is brought into the form of MNIST's own first (`prepareDigit`). */
  readonly prepare?: 'digit' | undefined
  /** Of the output: `'nhwc'` by default. */
  readonly layout?: 'nhwc' | 'nchw' | undefined
}

/** What the engine does with the bytes, see native/ops/from_pixels.h. */
export interface PixelTransform {
  readonly resizedWidth: number
  readonly resizedHeight: number
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly bicubic: boolean
  readonly channels: number
  /** channels x source channels */
  readonly matrix: readonly number[]
  readonly shift: readonly number[]
  readonly pad: readonly number[]
  readonly channelsFirst: boolean
}

/** Throws `ImageError` unless the bytes are there. */
export function checkPixels(pixels: Pixels): void {
  if (typeof pixels !== 'object' || pixels === null) {
    throw invalidOption('a picture', 'pixels: { data, width, height, channels }', pixels)
  }
  const { data, width, height, channels } = pixels
  if (!ArrayBuffer.isView(data) || (data as Uint8Array).BYTES_PER_ELEMENT !== 1) {
    throw invalidOption('data of pixels', 'a Uint8Array', data)
  }
  for (const [name, value] of Object.entries({ width, height })) {
    if (!isPositiveInteger(value)) throw invalidOption(`${name} of pixels`, 'a positive integer', value)
  }
  if (!isPositiveInteger(channels) || channels > 4) throw invalidOption('channels of pixels', '1, 2, 3 or 4', channels)
  const expected = width * height * channels
  if (data.length !== expected) {
    throw new ImageError(
      `Expected ${expected} bytes for ${width} x ${height} pixels of ${channels} channels but received ${data.length}`,
      { expected, actual: data.length },
    )
  }
}

const OPTIONS = Object.keys({
  size: true,
  fit: true,
  resize: true,
  interpolation: true,
  channelOrder: true,
  scale: true,
  mean: true,
  std: true,
  invert: true,
  background: true,
  prepare: true,
  layout: true,
} satisfies Record<keyof Preprocessing, true>)

/** Checks `preprocessing` and works out what it means for this picture. */
export function planTransform(pixels: Pixels, preprocessing: Preprocessing): PixelTransform {
  knownOptions('fromPixels', preprocessing, OPTIONS)
  const { interpolation = 'bilinear' } = preprocessing
  return {
    ...placement(pixels, preprocessing),
    bicubic: oneOf('interpolation', interpolation, ['bilinear', 'bicubic']) === 'bicubic',
    ...colourMap(pixels, preprocessing),
    channelsFirst: oneOf('layout', preprocessing.layout ?? 'nhwc', ['nhwc', 'nchw']) === 'nchw',
  }
}

/** Height and width of the output. */
export function outputSize({ size }: Preprocessing): readonly [height: number, width: number] {
  return sides('size', size)
}

function sides(name: string, size: Size2d): readonly [height: number, width: number] {
  const [height, width] = Array.isArray(size) && size.length === 2 ? (size as readonly [number, number]) : [size, size]
  if (!isPositiveInteger(height) || !isPositiveInteger(width)) {
    throw invalidOption(name, 'a positive integer or [height, width]', size)
  }
  return [height, width]
}

function placement(pixels: Pixels, preprocessing: Preprocessing) {
  const [height, width] = outputSize(preprocessing)
  const [resizedHeight, resizedWidth] = resizedSize(pixels, preprocessing, height, width)
  if (!isPositiveInteger(resizedHeight) || !isPositiveInteger(resizedWidth)) {
    throw new ImageError(`A picture of ${pixels.width} x ${pixels.height} pixels is too narrow to be cropped`, {
      hint: "Use fit: 'contain' or 'fill'",
    })
  }
  const left = roundHalfToEven((resizedWidth - width) / 2)
  const top = roundHalfToEven((resizedHeight - height) / 2)
  return { resizedWidth, resizedHeight, left, top, width, height }
}

function resizedSize(
  { width, height }: Pixels,
  { fit = 'cover', resize }: Preprocessing,
  outputHeight: number,
  outputWidth: number,
): readonly [height: number, width: number] {
  if (oneOf('fit', fit, ['cover', 'contain', 'fill']) === 'fill')
    return stretchedSize(resize, outputHeight, outputWidth)
  if (resize !== undefined && !isPositiveInteger(resize)) {
    throw invalidOption(`resize with fit '${fit}'`, 'a positive integer', resize)
  }
  const byHeight = [outputHeight, Math.max(1, Math.floor((outputHeight * width) / height))] as const
  const byWidth = [Math.max(1, Math.floor((outputWidth * height) / width)), outputWidth] as const
  const wider = width * outputHeight > height * outputWidth
  if (fit === 'contain') return wider ? byWidth : byHeight
  if (resize === undefined) return wider ? byHeight : byWidth
  return width <= height
    ? [Math.floor((resize * height) / width), resize]
    : [resize, Math.floor((resize * width) / height)]
}

/** What a picture is stretched to before the crop: the output's size, or that in proportion to its shorter side, or both sides. */
function stretchedSize(
  resize: Size2d | undefined,
  outputHeight: number,
  outputWidth: number,
): readonly [height: number, width: number] {
  if (resize === undefined) return [outputHeight, outputWidth]
  const [height, width] = sides('resize', resize)
  if (typeof resize !== 'number') return [height, width]
  const ratio = resize / Math.min(outputHeight, outputWidth)
  return [Math.round(outputHeight * ratio), Math.round(outputWidth * ratio)]
}

/** Python's `round`, which torchvision's centre crop uses. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x)
  return x - floor === 0.5 ? floor + (floor & 1) : Math.round(x)
}

const LUMA = [0.299, 0.587, 0.114]

function colourMap(pixels: Pixels, preprocessing: Preprocessing) {
  const order = oneOf('channelOrder', preprocessing.channelOrder ?? 'rgb', ['rgb', 'bgr', 'grey'])
  const channels = order === 'grey' ? 1 : 3
  const scale = finite('scale', preprocessing.scale ?? 1 / 255)
  const mean = perChannel('mean', preprocessing.mean ?? 0, channels)
  const std = perChannel('std', preprocessing.std ?? 1, channels)
  if (std.includes(0)) throw invalidOption('std', 'other than 0', preprocessing.std)

  const inverted = isInverted(pixels, preprocessing.invert ?? false)
  const pad = backgroundOf(pixels, preprocessing.background ?? [0, 0, 0])
  const mixes = Array.from({ length: channels }, (_, c) => mixOf(order, c, pixels.channels))
  const gains = std.map((s) => (inverted ? -scale : scale) / s)
  const shift = mean.map((m, c) => ((inverted ? 255 * scale : 0) - m) / (std[c] as number))
  const matrix = mixes.map((mix, c) => mix.map((weight) => weight * (gains[c] as number)))
  return {
    channels,
    matrix: matrix.flat(),
    shift,
    pad: matrix.map((row, c) => row.reduce((sum, weight, s) => sum + weight * (pad[s] ?? 0), shift[c] as number)),
  }
}

/** How much each source channel adds to an output channel; alpha adds nothing. */
function mixOf(order: 'rgb' | 'bgr' | 'grey', channel: number, sourceChannels: number): readonly number[] {
  const mix = new Array<number>(sourceChannels).fill(0)
  if (sourceChannels < 3) mix[0] = 1
  else if (order === 'grey') mix.splice(0, 3, ...LUMA)
  else mix[order === 'rgb' ? channel : 2 - channel] = 1
  return mix
}

function isInverted(pixels: Pixels, invert: boolean | 'auto'): boolean {
  if (oneOf<boolean | 'auto'>('invert', invert, [true, false, 'auto']) !== 'auto') return invert as boolean
  const mix = mixOf('grey', 0, pixels.channels)
  return borderMean(pixels).reduce((sum, value, s) => sum + value * (mix[s] as number), 0) > 127.5
}

/** The padding in the source's own channels. */
function backgroundOf(pixels: Pixels, background: readonly number[] | 'border'): readonly number[] {
  if (background === 'border') return borderMean(pixels)
  const colour = perChannel('background', background, 3)
  if (pixels.channels >= 3) return colour
  return [colour.reduce((sum, value, c) => sum + value * (LUMA[c] as number), 0)]
}

/** Mean of each channel over the outermost pixels. */
function borderMean({ data, width, height, channels }: Pixels): number[] {
  const sums = new Array<number>(channels).fill(0)
  let count = 0
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1)
    for (let x = 0; x < width; x += step, count++) {
      for (let c = 0; c < channels; c++)
        sums[c] = (sums[c] as number) + (data[(y * width + x) * channels + c] as number)
    }
  }
  return sums.map((sum) => sum / count)
}

function perChannel(name: string, value: number | readonly number[], channels: number): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(channels).fill(value) : value
  if (!Array.isArray(list) || list.length !== channels || !list.every(Number.isFinite)) {
    throw invalidOption(name, `a number or ${channels} of them`, value)
  }
  return list
}

function finite(name: string, value: number): number {
  if (!Number.isFinite(value)) throw invalidOption(name, 'a finite number', value)
  return value
}

function oneOf<T extends string | boolean>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value
  throw new OptionError(`Expected ${name} to be one of ${allowed.join(', ')} but received ${String(value)}`, {
    expected: allowed,
    actual: value,
  })
}
