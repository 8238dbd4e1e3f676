/** Compressed pictures to raw pixels, by sharp. */

import type { Sharp, SharpOptions } from 'sharp'
import { ImageError, invalidOption, OptionError, shorten, show } from '../errors.js'
import { isBytes, isUrl } from '../kinds.js'
import { knownOptions } from '../layers/options.js'
import { nodeFsPromises, nodeUrl } from '../node-modules.js'
import { checkPixels, type Pixels } from './pixels.js'

/** A path, a `file:` or `data:` URL (also as a string), the bytes of a picture file, or pixels, which stay as they are. */
export type ImageSource = string | URL | Uint8Array | Pixels

export interface DecodeOptions {
  /** Pictures of more pixels are refused before they are decoded; 100 million by default. */
  readonly maxPixels?: number | undefined
  /** What shows through where a picture is transparent: a CSS colour, `'white'` by default. */
  readonly background?: string | undefined
}

const DEFAULT_MAX_PIXELS = 100_000_000
const MAX_NAME_LENGTH = 120
const MAX_REASON_LENGTH = 300

type SharpFactory = (input: string | Uint8Array, options: SharpOptions) => Sharp

/**
 * Decodes a picture file (JPEG, PNG, WebP, AVIF, TIFF, GIF, SVG) to sRGB or grey bytes, upright as its EXIF orientation
 * says, without transparency.
 *
 * Needs the package sharp. Throws `ImageError`, which names the file, for what is no sound picture, and `OptionError` for
 * URLs of other kinds and options that make no sense.
 *
 * ```ts
 * import { decodeImage } from 'im2col'
 *
 * const pixels = await decodeImage('cat.jpg') // { data, width, height, channels: 3 }
 * ```
 */
export async function decodeImage(source: ImageSource, options: DecodeOptions = {}): Promise<Pixels> {
  knownOptions('decodeImage', options, ['maxPixels', 'background'])
  if (isPixels(source)) {
    checkPixels(source)
    return source
  }
  const { maxPixels = DEFAULT_MAX_PIXELS, background = 'white' } = options
  if (!Number.isSafeInteger(maxPixels) || maxPixels < 1)
    throw invalidOption('maxPixels', 'a positive integer', maxPixels)
  const { name, input } = await openImage(source)
  const sharp = await loadSharp()
  try {
    // Warnings are let pass: many pictures in the wild have odd metadata, but none is truncated.
    const decoder = sharp(input, { limitInputPixels: maxPixels, failOn: 'error' }).rotate()
    const { data, info } = await flattened(decoder, background).raw().toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height, channels: info.channels as Pixels['channels'] }
  } catch (error) {
    if (error instanceof OptionError) throw error
    throw new ImageError(`Cannot decode ${name}: ${oneLine(error)}`, { cause: error })
  }
}

function flattened(decoder: Sharp, background: string): Sharp {
  const expected = "a CSS colour, such as 'white' or '#ffffff'"
  if (typeof background !== 'string') throw invalidOption('background', expected, background)
  try {
    return decoder.flatten({ background })
  } catch (cause) {
    throw invalidOption('background', expected, background, { cause })
  }
}

/** How messages call a source. */
export function imageName(source: ImageSource): string {
  if (typeof source === 'string' || isUrl(source)) {
    const text = String(source)
    return show(text.length > MAX_NAME_LENGTH ? `${text.slice(0, MAX_NAME_LENGTH)}...` : text)
  }
  return isPixels(source) ? 'the given pixels' : 'the given bytes'
}

function isPixels(source: unknown): source is Pixels {
  return typeof source === 'object' && source !== null && 'data' in source && 'width' in source
}

/** What sharp is to read: bytes, or the path of a regular file. */
async function openImage(source: string | URL | Uint8Array): Promise<{ name: string; input: string | Uint8Array }> {
  const name = imageName(source)
  if (isBytes(source)) {
    if (source.byteLength === 0) throw new ImageError('Cannot decode the given bytes: there are none')
    return { name, input: Buffer.from(source.buffer, source.byteOffset, source.byteLength) }
  }
  const url = urlOf(source)
  if (url?.protocol === 'data:') return { name, input: await readDataUrl(url, name) }
  if (url !== undefined && url.protocol !== 'file:') {
    throw new OptionError(
      `Cannot read ${name}: expected a path, a file: or a data: URL; other addresses are not fetched`,
      {
        expected: 'file: or data:',
        actual: url.protocol,
      },
    )
  }
  try {
    const path = url === undefined ? (source as string) : nodeUrl().fileURLToPath(url.href)
    // Opening a pipe or a device could wait for ever, so the kind is looked at first.
    const stats = await nodeFsPromises().stat(path)
    if (!stats.isFile()) throw new ImageError(`${name} is not a regular file`)
    if (stats.size === 0) throw new ImageError(`${name} is empty`)
    return { name, input: path }
  } catch (error) {
    if (error instanceof ImageError) throw error
    throw new ImageError(`Cannot read ${name}: ${oneLine(error)}`, { cause: error })
  }
}

function urlOf(source: string | URL): URL | undefined {
  if (isUrl(source)) return source
  if (typeof source !== 'string') throw invalidOption('an image', 'a path, a URL, bytes or pixels', source)
  return /^(file:|data:|[a-z][a-z0-9+.-]+:\/\/)/i.test(source) && URL.canParse(source) ? new URL(source) : undefined
}

async function readDataUrl(url: URL, name: string): Promise<Uint8Array> {
  try {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
    if (bytes.length > 0) return bytes
  } catch (error) {
    throw new ImageError(`Cannot read ${name}: it is not a valid data: URL`, { cause: error })
  }
  throw new ImageError(`${name} is empty`)
}

async function loadSharp(): Promise<SharpFactory> {
  try {
    return (await import('sharp')).default
  } catch (error) {
    const missing = /MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '')
    throw new ImageError(
      missing
        ? 'Decoding pictures needs the package sharp, which is not installed. Run: npm install sharp'
        : `The package sharp, which decodes pictures, does not load here: ${oneLine(error)}. Run: npm install sharp`,
      { cause: error },
    )
  }
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return shorten(message.split('\n', 1)[0] as string, MAX_REASON_LENGTH)
}
