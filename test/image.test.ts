import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromPixels, fromPixelsSync } from '../lib/image/from-pixels.js'
import { type Pixels, type Preprocessing, planTransform } from '../lib/image/pixels.js'
import { presets } from '../lib/image/presets.js'
import { hash32 } from './support/golden.js'

/** Bytes of the recipe in oracle/pillow_resize.py. */
function picture(width: number, height: number, channels: Pixels['channels'], first = 0): Pixels {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => hash32(first + i) >>> 24)
  return { data, width, height, channels }
}

function flat(width: number, height: number, colour: readonly number[]): Pixels {
  const data = Uint8Array.from(
    { length: width * height * colour.length },
    (_, i) => colour[i % colour.length] as number,
  )
  return { data, width, height, channels: colour.length as Pixels['channels'] }
}

const raw = { scale: 1 } as const

const bitsOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength)
const sameBits = (a: Float32Array, b: Float32Array) => bitsOf(a).equals(bitsOf(b))

describe('resampling', () => {
  const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/pillow-resize.json'), 'utf8')) as {
    cases: {
      width: number
      height: number
      channels: 1 | 3
      resize: number
      size: number
      interpolation: 'bilinear' | 'bicubic'
      expected: number[]
    }[]
  }

  it.each(cases.map((values, index) => ({ index, ...values })))(
    'equals torchvision on $width x $height x $channels, $interpolation',
    async ({ index, width, height, channels, resize, size, interpolation, expected }) => {
      const channelOrder = channels === 1 ? 'grey' : 'rgb'
      const bytes = picture(width, height, channels, 1000 * index)
      // Room for what the cubic filter overshoots, which Pillow cuts off after each of its passes.
      const data = interpolation === 'bicubic' ? bytes.data.map((byte) => (byte >> 1) + 64) : bytes.data
      const tensor = await fromPixels({ ...bytes, data }, { size, resize, interpolation, channelOrder, ...raw })
      expect(tensor.shape).toEqual([1, size, size, channels])
      // Pillow rounds to bytes after each of its two passes; the second averages what the first has rounded.
      const differences = expected.map((value, i) => Math.abs(value - (tensor.data[i] as number)))
      expect(Math.max(...differences)).toBeLessThanOrEqual(1 + 2 ** -10)
    },
  )

  it.each(['bilinear', 'bicubic'] as const)('stays within 0 and 255 at edges, %s', async (interpolation) => {
    const source = { ...flat(8, 1, [0]), data: Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255]) }
    const { data } = await fromPixels(source, {
      size: [1, 32],
      fit: 'fill',
      channelOrder: 'grey',
      interpolation,
      ...raw,
    })
    expect(Math.min(...data)).toBe(0)
    expect(Math.max(...data)).toBe(255)
    const differs = await fromPixels(source, { size: [1, 32], fit: 'fill', channelOrder: 'grey', ...raw })
    expect(sameBits(data, differs.data)).toBe(interpolation === 'bilinear')
  })

  it('copies a picture that has the size already', async () => {
    const source = picture(9, 7, 3)
    const { data } = await fromPixels(source, { size: [7, 9], ...raw })
    expect([...data]).toEqual([...source.data])
  })

  it('leaves one colour one colour at any size', async () => {
    const { data } = await fromPixels(flat(173, 61, [200, 100, 50]), { size: 32, resize: 40, ...raw })
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo([200, 100, 50][i % 3] as number, 3)
  })
})

describe('placement', () => {
  const place = (width: number, height: number, options: Preprocessing) => {
    const { resizedWidth, resizedHeight, left, top } = planTransform(flat(width, height, [0]), options)
    return [resizedWidth, resizedHeight, left, top]
  }

  it.each<[string, number, number, Preprocessing, number[]]>([
    ['the shorter side of a landscape', 640, 480, { size: 224, resize: 256 }, [341, 256, 58, 16]],
    ['the shorter side of a portrait', 333, 500, { size: 224, resize: 256 }, [256, 384, 16, 80]],
    ['an odd margin, half to even', 10, 10, { size: 7, resize: 10 }, [10, 10, 2, 2]],
    ['a cover of a wide output', 100, 100, { size: [50, 100] }, [100, 100, 0, 25]],
    ['a cover of a tall picture', 50, 100, { size: 20 }, [20, 40, 0, 10]],
    ['a fill', 640, 480, { size: [20, 30], fit: 'fill' }, [30, 20, 0, 0]],
    ['a fill before a crop', 640, 480, { size: [20, 30], fit: 'fill', resize: 24 }, [36, 24, 3, 2]],
    ['a fill of two sides', 640, 480, { size: 112, fit: 'fill', resize: [128, 171] }, [171, 128, 30, 8]],
    ['a contained landscape', 200, 100, { size: 20, fit: 'contain' }, [20, 10, 0, -5]],
    ['a contained portrait', 100, 200, { size: 20, fit: 'contain' }, [10, 20, -5, 0]],
    ['a contained line', 1, 1000, { size: 20, fit: 'contain' }, [1, 20, -10, 0]],
  ])('works out %s', (_, width, height, options, expected) => {
    expect(place(width, height, options)).toEqual(expected)
  })

  it('pads what the picture does not fill', async () => {
    const options = { size: 4, fit: 'contain', background: [10, 20, 30], ...raw } as const
    const { data } = await fromPixels(flat(8, 4, [1, 2, 3]), options)
    const rows = Array.from({ length: 4 }, (_, y) => [...data.slice(y * 12, y * 12 + 3)])
    expect(rows).toEqual([
      [10, 20, 30],
      [1, 2, 3],
      [1, 2, 3],
      [10, 20, 30],
    ])
    const planes = await fromPixels(flat(8, 4, [1, 2, 3]), { ...options, layout: 'nchw' })
    expect([...planes.data.slice(0, 16)]).toEqual([10, 10, 10, 10, 1, 1, 1, 1, 1, 1, 1, 1, 10, 10, 10, 10])
  })

  it('pads with the mean of the border', async () => {
    const source = flat(3, 1, [0, 60, 90])
    const { data } = await fromPixels(source, { size: 3, fit: 'contain', background: 'border', ...raw })
    expect([...data.slice(0, 3)]).toEqual([0, 60, 90])
  })
})

describe('colour', () => {
  const one = async (colour: readonly number[], options: Omit<Preprocessing, 'size'>) => [
    ...(await fromPixels(flat(1, 1, colour), { ...options, size: 1 })).data,
  ]

  it('normalises as torchvision does', async () => {
    const [red, green, blue] = await one([255, 128, 0], { ...presets.imagenet, resize: 1 })
    expect(red).toBeCloseTo((1 - 0.485) / 0.229, 5)
    expect(green).toBeCloseTo((128 / 255 - 0.456) / 0.224, 5)
    expect(blue).toBeCloseTo((0 - 0.406) / 0.225, 5)
  })

  it('normalises as Caffe does, blue first', async () => {
    expect(await one([255, 128, 0], { ...presets['imagenet-bgr-caffe'], resize: 1 })).toEqual([-104, 11, 132])
  })

  it('takes grey for three equal channels and drops alpha', async () => {
    expect(await one([7], raw)).toEqual([7, 7, 7])
    expect(await one([7, 99], raw)).toEqual([7, 7, 7])
    expect(await one([7, 8, 9, 99], raw)).toEqual([7, 8, 9])
    expect(await one([7, 8, 9, 99], { channelOrder: 'bgr', ...raw })).toEqual([9, 8, 7])
  })

  it('weighs colours to grey as ITU-R BT.601 does', async () => {
    const [grey] = await one([10, 100, 200], { channelOrder: 'grey', ...raw })
    expect(grey).toBeCloseTo(2.99 + 58.7 + 22.8, 4)
  })

  it('inverts always, never, or when the border is light', async () => {
    expect(await one([200], { channelOrder: 'grey', invert: true, ...raw })).toEqual([55])
    expect(await one([200], { channelOrder: 'grey', invert: false, ...raw })).toEqual([200])
    expect(await one([200], { channelOrder: 'grey', invert: 'auto', ...raw })).toEqual([55])
    expect(await one([50, 60, 200], { invert: 'auto', ...raw })).toEqual([50, 60, 200])
  })

  it('lays channels first out plane by plane', async () => {
    const source = picture(5, 4, 3)
    const last = (await fromPixels(source, { size: [4, 5], ...raw })).data
    const first = await fromPixels(source, { size: [4, 5], layout: 'nchw', ...raw })
    expect(first.shape).toEqual([1, 3, 4, 5])
    expect([...first.data]).toEqual(Array.from({ length: 60 }, (_, i) => last[(i % 20) * 3 + Math.floor(i / 20)]))
  })
})

describe('digits', () => {
  /** A vertical bar, thick enough to survive. */
  const bar = (side: number, ink: number, ground: number): Pixels => {
    const data = new Uint8Array(side * side).fill(ground)
    for (let y = side / 4; y < (side * 3) / 4; y++) data.fill(ink, y * side + side * 0.45, y * side + side * 0.55)
    return { data, width: side, height: side, channels: 1 }
  }

  it('brings dark and bright ink of any size to the form of MNIST', async () => {
    const expected = await fromPixels(bar(80, 255, 0), 'digits')
    expect(expected.shape).toEqual([1, 28, 28, 1])
    expect(Math.max(...expected.data)).toBeCloseTo((1 - 0.1307) / 0.3081, 5)
    expect(Math.min(...expected.data)).toBeCloseTo(-0.1307 / 0.3081, 5)
    for (const source of [bar(80, 0, 255), bar(1200, 255, 0), bar(1200, 0, 255)]) {
      const { data } = await fromPixels(source, 'digits')
      const differences = data.map((value, i) => Math.abs(value - (expected.data[i] as number)))
      // Edges of the ink fall between other pixels at another size.
      expect(Math.max(...differences) * 0.3081).toBeLessThan(0.2)
    }
  })
})

describe('calls', () => {
  it('give the same result in all forms', async () => {
    const pictures = [picture(300, 200, 3), picture(50, 80, 3, 7), picture(64, 64, 4, 9)]
    const batch = await fromPixels(pictures, 'imagenet')
    expect(batch.shape).toEqual([3, 224, 224, 3])
    expect(sameBits(fromPixelsSync(pictures, 'imagenet').data, batch.data)).toBe(true)
    for (const [i, source] of pictures.entries()) {
      const { data } = fromPixelsSync(source, presets.imagenet)
      expect(sameBits(data, batch.data.slice(i * data.length, (i + 1) * data.length))).toBe(true)
    }
  })

  it('copy the bytes first, so that the caller may reuse them', async () => {
    const source = picture(640, 480, 3)
    const expected = fromPixelsSync(source, 'imagenet')
    const pending = fromPixels(source, 'imagenet')
    source.data.fill(0)
    structuredClone(source.data.buffer, { transfer: [source.data.buffer as ArrayBuffer] })
    expect(sameBits((await pending).data, expected.data)).toBe(true)
  })

  it('take views, clamped arrays, Buffers and shared memory', async () => {
    const { data, ...size } = picture(20, 10, 3)
    const expected = fromPixelsSync({ data, ...size }, 'imagenet').data
    const padded = new Uint8Array(data.length + 5)
    padded.set(data, 3)
    const shared = new Uint8Array(new SharedArrayBuffer(data.length))
    shared.set(data)
    const forms = [padded.subarray(3, -2), new Uint8ClampedArray(data), Buffer.from(data), shared]
    for (const form of forms) {
      expect(sameBits((await fromPixels({ data: form, ...size }, 'imagenet')).data, expected)).toBe(true)
    }
  })

  it('give the event loop its turn before they are done', async () => {
    let turned = false
    const turn = setImmediate(() => {
      turned = true
    })
    // Each answer needs the loop to poll, and immediates run between two polls, however fast the answers come.
    for (let i = 0; i < 3; i++) await fromPixels(flat(100, 100, [1, 2, 3]), { size: 1500 })
    clearImmediate(turn)
    expect(turned).toBe(true)
  })
})

describe('bad input', () => {
  const good = flat(4, 4, [1, 2, 3])
  const bad: [
    string,
    Partial<Record<keyof Pixels, unknown>>,
    Partial<Record<keyof Preprocessing | 'Mean', unknown>>,
    string,
    RegExp,
  ][] = [
    ['too few bytes', { data: new Uint8Array(47) }, {}, 'ERR_IMAGE', /48 bytes for 4 x 4 pixels of 3 channels.*47/],
    ['too many bytes', { data: new Uint8Array(49) }, {}, 'ERR_IMAGE', /48 bytes.*49/],
    ['floats', { data: new Float32Array(48) }, {}, 'ERR_OPTION', /data of pixels.*Float32Array/],
    ['no data', { data: undefined }, {}, 'ERR_OPTION', /data of pixels/],
    ['no width', { width: 0 }, {}, 'ERR_OPTION', /width of pixels.*0 \(number\)/],
    ['a fractional height', { height: 1.5 }, {}, 'ERR_OPTION', /height of pixels/],
    ['five channels', { channels: 5 }, {}, 'ERR_OPTION', /channels of pixels.*5/],
    ['no size', {}, { size: 0 }, 'ERR_OPTION', /size/],
    ['a size that is NaN', {}, { size: [4, Number.NaN] }, 'ERR_OPTION', /size/],
    ['a negative resize', {}, { resize: -1 }, 'ERR_OPTION', /resize/],
    ['an unknown fit', {}, { fit: 'squeeze' }, 'ERR_OPTION', /fit.*cover, contain, fill.*squeeze/],
    [
      'an unknown interpolation',
      {},
      { interpolation: 'cubic' },
      'ERR_OPTION',
      /interpolation.*bilinear, bicubic.*cubic/,
    ],
    ['both sides of a cover', {}, { resize: [5, 6] }, 'ERR_OPTION', /resize with fit 'cover'.*positive integer/],
    ['a fill to one side of three', {}, { fit: 'fill', resize: [5, 6, 7] }, 'ERR_OPTION', /resize.*\[height, width\]/],
    ['an unknown name', {}, { Mean: 0.5 }, 'ERR_OPTION', /fromPixels has no option "Mean".*mean/],
    ['an unknown order', {}, { channelOrder: 'gbr' }, 'ERR_OPTION', /channelOrder/],
    ['an unknown layout', {}, { layout: 'chw' }, 'ERR_OPTION', /layout/],
    ['too few means', {}, { mean: [1, 2] }, 'ERR_OPTION', /mean.*3/],
    ['a deviation of zero', {}, { std: [1, 0, 1] }, 'ERR_OPTION', /std/],
    ['an infinite scale', {}, { scale: Number.POSITIVE_INFINITY }, 'ERR_OPTION', /scale/],
    ['a background of one number too many', {}, { background: [1, 2, 3, 4] }, 'ERR_OPTION', /background/],
  ]

  it.each(bad)('refuses %s', async (_, pixels, options, code, message) => {
    const source = { ...good, ...pixels } as Pixels
    const preprocessing = { size: 4, ...options } as Preprocessing
    const error = { code, message: expect.stringMatching(message) }
    await expect(fromPixels(source, preprocessing)).rejects.toMatchObject(error)
    expect(() => fromPixelsSync(source, preprocessing)).toThrow(expect.objectContaining(error))
  })

  it('refuses a preset that does not exist and names the nearest', () => {
    expect(() => fromPixelsSync(good, 'imagnet' as 'imagenet')).toThrow('did you mean "imagenet"')
  })

  it('refuses a strip whose crop would be longer than any picture', () => {
    expect(() => fromPixelsSync(flat(1, 100_000, [0]), { size: 4, resize: 30_000 })).toThrow(/too narrow/)
  })

  it.each<[string, unknown, unknown, RegExp]>([
    ['nothing', undefined, undefined, /the preset .*undefined/],
    ['no pixels', undefined, 'imagenet', /a picture .*undefined/],
    ['no preset', good, undefined, /the preset .*undefined/],
    ['a preset without size', good, {}, /size .*undefined/],
    ['more pixels than a tensor has elements', good, { size: 1e6 }, /size to be of at most 715827882 pixels .*1000000/],
  ])('refuses %s', async (_, pixels, preset, message) => {
    const error = { code: 'ERR_OPTION', message: expect.stringMatching(message) }
    await expect(fromPixels(pixels as never, preset as never)).rejects.toMatchObject(error)
    expect(() => fromPixelsSync(pixels as never, preset as never)).toThrow(expect.objectContaining(error))
  })

  it('refuses an empty list', () => {
    expect(() => fromPixelsSync([], 'imagenet')).toThrow(/at least one picture/)
  })
})
