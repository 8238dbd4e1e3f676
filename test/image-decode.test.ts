import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodeImage, type ImageSource } from '../lib/image/decode.js'
import { readLabels } from '../lib/image/labels.js'

const folder = mkdtempSync(join(tmpdir(), 'im2col-image-'))
afterAll(() => rmSync(folder, { recursive: true }))
const inFolder = (name: string) => join(folder, name)

/** 3 x 2 pixels, all different. */
const bytes = Uint8Array.from({ length: 18 }, (_, i) => i * 14)
const raw = { raw: { width: 3, height: 2, channels: 3 } } as const
const png = inFolder('picture.png')
const jpeg = inFolder('photo.jpg')

beforeAll(async () => {
  await sharp(bytes, raw).png().toFile(png)
  const noise = Uint8Array.from({ length: 200 * 150 * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24)
  await sharp(noise, { raw: { width: 200, height: 150, channels: 3 } })
    .jpeg()
    .toFile(jpeg)
})

describe('a picture', () => {
  it('is read from a path, a URL, a data URL and bytes', async () => {
    const file = readFileSync(png)
    const dataUrl = `data:image/png;base64,${file.toString('base64')}`
    const sources: ImageSource[] = [
      png,
      pathToFileURL(png),
      pathToFileURL(png).href,
      dataUrl,
      new URL(dataUrl),
      file,
      new Uint8Array(file),
    ]
    for (const source of sources) {
      const { data, ...size } = await decodeImage(source)
      expect(size).toEqual({ width: 3, height: 2, channels: 3 })
      expect([...data]).toEqual([...bytes])
    }
  })

  it('stays as it is when it is pixels already', async () => {
    const pixels = { data: bytes, width: 3, height: 2, channels: 3 } as const
    expect(await decodeImage(pixels)).toBe(pixels)
    await expect(decodeImage({ ...pixels, width: 4 })).rejects.toMatchObject({ code: 'ERR_IMAGE' })
  })

  it('stands upright as EXIF says', async () => {
    const path = inFolder('turned.jpg')
    await sharp(jpeg).withMetadata({ orientation: 6 }).toFile(path)
    expect(await decodeImage(path)).toMatchObject({ width: 150, height: 200 })
  })

  it('shows white, or another colour, where it is transparent', async () => {
    const path = inFolder('transparent.png')
    const rgba = { raw: { width: 1, height: 1, channels: 4 } } as const
    await sharp(Uint8Array.of(200, 0, 0, 0), rgba)
      .png()
      .toFile(path)
    expect(await decodeImage(path)).toMatchObject({ data: Buffer.of(255, 255, 255), channels: 3 })
    expect((await decodeImage(path, { background: 'black' })).data).toEqual(Buffer.of(0, 0, 0))
  })

  it('may be grey, of 16 bits, or in print colours', async () => {
    const grey = inFolder('grey.png')
    await sharp(bytes.subarray(0, 6), { raw: { width: 3, height: 2, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(grey)
    const { data, channels } = await decodeImage(grey)
    expect([...data].filter((_, i) => i % channels === 0)).toEqual([...bytes.subarray(0, 6)])

    const deep = inFolder('deep.png')
    await sharp(bytes, raw).toColourspace('rgb16').png().toFile(deep)
    expect((await sharp(deep).metadata()).depth).toBe('ushort')
    expect([...(await decodeImage(deep)).data]).toEqual([...bytes])

    const print = inFolder('print.jpg')
    await sharp(jpeg).toColourspace('cmyk').jpeg().toFile(print)
    expect(await decodeImage(print)).toMatchObject({ width: 200, height: 150, channels: 3 })
  })
})

describe('a picture is refused', () => {
  const expectRefusal = (source: ImageSource, message: RegExp, code = 'ERR_IMAGE', options = {}) =>
    expect(decodeImage(source, options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })

  it('when it is text', async () => {
    const path = inFolder('text.png')
    writeFileSync(path, 'no picture at all')
    await expectRefusal(path, /text\.png.*unsupported image format/)
    await expectRefusal(Buffer.from('no picture'), /the given bytes.*unsupported image format/)
  })

  it('when it is missing, empty, a folder or a device', async () => {
    await expectRefusal(inFolder('nowhere.png'), /nowhere\.png.*ENOENT/)
    writeFileSync(inFolder('empty.png'), '')
    await expectRefusal(inFolder('empty.png'), /empty\.png" is empty/)
    await expectRefusal(new Uint8Array(), /there are none/)
    mkdirSync(inFolder('folder.png'))
    await expectRefusal(inFolder('folder.png'), /folder\.png" is not a regular file/)
    await expectRefusal('/dev/zero', /not a regular file/)
    await expectRefusal('a\0b', /Cannot read/)
  })

  it('when it is truncated', async () => {
    const file = readFileSync(jpeg)
    const path = inFolder('truncated.jpg')
    writeFileSync(path, file.subarray(0, file.length / 2))
    await expectRefusal(path, /truncated\.jpg/)
    const half = readFileSync(png)
    await expectRefusal(half.subarray(0, half.length - 20), /the given bytes/)
  })

  it('when it has more pixels than allowed', () =>
    expectRefusal(jpeg, /photo\.jpg.*pixel limit/, 'ERR_IMAGE', { maxPixels: 200 * 150 - 1 }))

  it('when the options make no sense, which is not the fault of the picture', async () => {
    for (const maxPixels of [-1, 0.5, '9'])
      await expectRefusal(jpeg, /^Expected maxPixels to be/, 'ERR_OPTION', { maxPixels })
    for (const background of ['nocolour', 7])
      await expectRefusal(jpeg, /^Expected background to be/, 'ERR_OPTION', { background })
    await expectRefusal(jpeg, /Did you mean maxPixels\?/, 'ERR_OPTION', { maxPixel: 5 })
  })

  it('in short, also when it comes from another realm', async () => {
    const bytes = runInNewContext('new Uint8Array(100_000)')
    await expectRefusal(bytes, /^Cannot decode the given bytes.{0,200}$/)
    await expectRefusal(new Uint16Array(8) as never, /an image .*Uint16Array/, 'ERR_OPTION')
    const picture = runInNewContext('(bytes) => new Uint8Array(bytes)')(readFileSync(png))
    expect(await decodeImage(picture)).toEqual(await decodeImage(png))
  })

  it('when its address is of another kind', async () => {
    const message = /https:\/\/example\.com\/cat\.jpg.*a path, a file: or a data: URL/
    await expectRefusal('https://example.com/cat.jpg', message, 'ERR_OPTION')
    await expectRefusal(new URL('https://example.com/cat.jpg'), message, 'ERR_OPTION')
    await expectRefusal('data:image/png;base64,%%%', /data:image\/png/)
    await expectRefusal('data:image/png;base64,', /data:image\/png.*is empty/)
    await expectRefusal(`data:image/png;base64,${'A'.repeat(5000)}`, /^.{0,250}$/)
    await expectRefusal(7 as never, /a path, a URL, bytes or pixels.*7 \(number\)/, 'ERR_OPTION')
  })
})

describe('without sharp', () => {
  afterEach(() => {
    vi.doUnmock('sharp')
    vi.resetModules()
  })

  it('says how to install it', async () => {
    vi.resetModules()
    vi.doMock('sharp', () => {
      throw Object.assign(new Error("Cannot find package 'sharp'"), { code: 'ERR_MODULE_NOT_FOUND' })
    })
    const { decodeImage: decodeWithout } = await import('../lib/image/decode.js')
    await expect(decodeWithout(png)).rejects.toMatchObject({
      code: 'ERR_IMAGE',
      message: expect.stringMatching(/sharp.*Run: npm install sharp$/),
    })
  })
})

describe('labels', () => {
  const read = (text: string) => {
    const path = inFolder('labels.txt')
    writeFileSync(path, text)
    return readLabels(path)
  }

  it('are lines, whatever ends them', async () => {
    expect(await read('cat\ndog, hound\n')).toEqual(['cat', 'dog, hound'])
    expect(await read('\uFEFFcat\r\ndog\r\n\r\n')).toEqual(['cat', 'dog'])
    expect(await read('cat\n\ndog')).toEqual(['cat', '', 'dog'])
  })

  it('are refused when the file is missing or empty', async () => {
    await expect(readLabels(inFolder('nowhere.txt'))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(read('\n')).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringMatching(/empty/) })
  })
})
