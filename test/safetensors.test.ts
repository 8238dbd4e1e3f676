import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { Tensor } from '../lib/tensor.js'
import { readSafetensors, writeSafetensors } from '../lib/weights/safetensors.js'
import { oneTensor, safetensorsBytes } from './support/safetensors-bytes.js'

const folder = mkdtempSync(join(tmpdir(), 'im2col-safetensors-'))
afterAll(() => rmSync(folder, { recursive: true }))
const inFolder = (name: string) => join(folder, name)

const zeros = (count: number) => new Uint8Array(count)

/** Written by the reference implementation, `safetensors.numpy.save`, 0.8. */
const referenceFloats = Buffer.from(
  'CAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCIxMCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzAs' +
    'NF19LCJhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOls0LDI4XX0sImIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzNd' +
    'LCJkYXRhX29mZnNldHMiOlsyOCw0MF19LCLDqS53ZWlnaHQiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzEsMV0sImRhdGFfb2Zmc2V0cyI6WzQwLDQ0XX19' +
    'ICAAAOBAAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAAADAPwAAEMAAAIB/AAAAgA==',
  'base64',
)
const referenceMixed = Buffer.from(
  'UAEAAAAAAAB7Im4iOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJkIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsy' +
    'XSwiZGF0YV9vZmZzZXRzIjpbOCwyNF19LCJlIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNldHMiOlsyNCwyNF19LCJzIjp7ImR0' +
    'eXBlIjoiRjMyIiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlsyNCwyOF19LCJoIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOls0XSwiZGF0YV9vZmZzZXRz' +
    'IjpbMjgsMzZdfSwidSI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlszNiwzOV19fSAgICAgICAFAAAAAAAAAFVVVVVVVdU/' +
    'nHUAiDzkN34AAEBAADz/ewEAALgBAAE=',
  'base64',
)

const floatTensors = new Map<string, Tensor>([
  ['é.weight', new Tensor(Float32Array.of(-0), [1, 1])],
  ['b', new Tensor(Float32Array.of(1.5, -2.25, Number.POSITIVE_INFINITY), [3])],
  ['10', new Tensor(Float32Array.of(7), [1])],
  ['a', new Tensor(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 3])],
])

const plain = (tensors: ReadonlyMap<string, Tensor>) =>
  new Map([...tensors].map(([name, { data, shape }]) => [name, { data: [...data], shape: [...shape] }]))

describe('reading', () => {
  it('reads what the reference implementation wrote, from a path, a URL and bytes', async () => {
    const path = inFolder('reference.safetensors')
    writeFileSync(path, referenceFloats)
    for (const source of [path, pathToFileURL(path), referenceFloats]) {
      expect(plain(await readSafetensors(source))).toEqual(plain(floatTensors))
    }
  })

  it('widens and narrows floats and leaves integers, booleans and empty tensors out', async () => {
    const tensors = plain(await readSafetensors(referenceMixed))
    expect(tensors).toEqual(
      new Map([
        ['d', { data: [Math.fround(1 / 3), Number.POSITIVE_INFINITY], shape: [2] }],
        ['s', { data: [3], shape: [] }],
        ['h', { data: [1, 65504, 2 ** -24, -0.5], shape: [4] }],
      ]),
    )
  })

  it('widens every binary16 as IEEE 754 defines it', async () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i)
    const file = oneTensor('F16', [65536], new Uint8Array(halves.buffer))
    const { data } = (await readSafetensors(file)).get('x') as Tensor
    const wrong = [...halves].filter((half) => {
      const sign = half & 0x8000 ? -1 : 1
      const exponent = (half >> 10) & 31
      const fraction = half & 1023
      const special = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
      const normal = sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
      const value = exponent === 31 ? special : exponent === 0 ? sign * fraction * 2 ** -24 : normal
      return !Object.is(data[half], value)
    })
    expect(wrong).toEqual([])
  })

  it('widens every bfloat16 to the float32 whose upper half it is', async () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i)
    const file = oneTensor('BF16', [65536], new Uint8Array(halves.buffer))
    const { data } = (await readSafetensors(file)).get('x') as Tensor
    const bits = new Uint32Array(data.buffer)
    expect(bits.every((value, i) => value === i * 65536)).toBe(true)
  })

  it('joins slices of tensors that are larger than one read', async () => {
    const big = Float32Array.from({ length: (9 << 20) / 4 + 3 }, (_, i) => i)
    const small = new Map(
      Array.from({ length: 1500 }, (_, i) => [`s${i}`, new Tensor(Float32Array.of(i), [1])] as const),
    )
    const tensors = new Map<string, Tensor>([...small, ['big', new Tensor(big, [big.length])]])
    const path = inFolder('slices.safetensors')
    await writeSafetensors(path, tensors)
    const read = await readSafetensors(path)
    expect(read.size).toBe(1501)
    expect(Buffer.from(read.get('big')?.data.buffer as ArrayBuffer).equals(Buffer.from(big.buffer))).toBe(true)
    expect([...small].every(([name, { data }]) => read.get(name)?.data[0] === data[0])).toBe(true)
  })

  it('reports progress up to the number of bytes of floats', async () => {
    const seen: number[] = []
    await readSafetensors(referenceMixed, {
      onProgress: ({ loadedBytes, totalBytes }) => {
        expect(totalBytes).toBe(16 + 4 + 8)
        seen.push(loadedBytes)
      },
    })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(28)
  })

  it('stops when its signal aborts, before and while it reads', async () => {
    const file = oneTensor('F16', [8 << 20], zeros(16 << 20))
    await expect(readSafetensors(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    const controller = new AbortController()
    const reason = new Error('enough')
    let calls = 0
    const onProgress = () => {
      calls++
      controller.abort(reason)
    }
    const reading = readSafetensors(file, { signal: controller.signal, onProgress })
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: reason })
    expect(calls).toBe(1)
  })

  it.each(['F32', 'F16', 'BF16'])('leaves the event loop free while it reads %s', async (dtype) => {
    const sizeBytes = 64 << 20
    const file = oneTensor(dtype, [sizeBytes / (dtype === 'F32' ? 4 : 2)], zeros(sizeBytes))
    let turns = 0
    let done = false
    const reading = readSafetensors(file).finally(() => {
      done = true
    })
    while (!done) {
      await setTimeout(0)
      turns++
    }
    await reading
    expect(turns).toBeGreaterThan(10)
  })
})

describe('files that lie', () => {
  const entry = (shape: readonly number[], offsets: readonly number[], dtype = 'F32') => ({
    dtype,
    shape,
    data_offsets: offsets,
  })
  const prefix = (length: bigint) => {
    const bytes = Buffer.alloc(16)
    bytes.writeBigUInt64LE(length)
    return bytes
  }
  const latin = (text: string) => Buffer.from(text.padEnd(64), 'latin1')
  const cases: Record<string, [file: Uint8Array, message: RegExp]> = {
    'no bytes': [zeros(0), /has only 0 bytes/],
    'a short prefix': [zeros(7), /has only 7 bytes/],
    'a header longer than the file': [prefix(9n), /header would have 9 bytes, but 8 bytes follow/],
    'a header of 2^63 bytes': [prefix(1n << 63n), /header would have 9223372036854775808 bytes/],
    'an empty header': [prefix(0n), /header would have 0 bytes/],
    text: [Buffer.from('not a safetensors file, but a text of some length'), /is not a safetensors file/],
    'a header that is no JSON': [safetensorsBytes('{"x":'), /header is not JSON/],
    'a header that is no UTF-8': [Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]), /header is not JSON/],
    'a header that is a list': [safetensorsBytes('[1, 2]'), /does not begin with a JSON object/],
    'a header that begins with a space': [safetensorsBytes(' {}'), /does not begin with a JSON object/],
    'an archive of PyTorch or NumPy': [latin('PK\x03\x04\x00\x00\x08\x08'), /but a zip archive, as PyTorch/],
    'a pickle': [latin('\x80\x02\x8a\x0al\xfc\x9cF'), /but a Python pickle/],
    HDF5: [latin('\x89HDF\r\n\x1a\n'), /but an HDF5 file/],
    ONNX: [latin('\x08\x08\x12\x07pyto'), /but an ONNX model\. Save its tensors as safetensors/],
    'ONNX without a producer': [latin('\x08\x07\x3a\x99\x8b\x01\x0a\x40'), /but an ONNX model/],
    gzip: [latin('\x1f\x8b\x08\x08\x7a\x1b\x5e\x60'), /but compressed by gzip\. Unpack it/],
    'a pointer to a large file': [latin('version https://git-lfs.github.com/spec/v1'), /but a Git LFS pointer/],
    'a web page': [latin('<!DOCTYPE html>'), /but a web page/],
    'more tensors than anybody has': [
      safetensorsBytes(`{${Array.from({ length: 20_002 }, (_, i) => `"x${i}":0`).join()}}`),
      /more tensors .*at most 20000 tensors/,
    ],
    'more metadata than anybody has': [
      safetensorsBytes(`{"__metadata__":{${Array.from({ length: 100_000 }, (_, i) => `"${i}":""`).join()}}}`),
      /more names .*at most 20000 tensors/,
    ],
    'a name twice behind escapes': [
      safetensorsBytes('{"__metadata__":{"a\\\\":"\\"b\\":", "b" : "{", "b":""}}'),
      /names "b" twice/,
    ],
    'objects in objects, behind a name that occurs twice': [
      safetensorsBytes('{"x":{"shape":{"a":0}},"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /nests objects too deeply/,
    ],
    'a name twice': [
      safetensorsBytes('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0078":{}}'),
      /names "x" twice/,
    ],
    'a field twice': [
      safetensorsBytes('{"x":{"dtype":"U8","shape":[9],"shape":[0],"data_offsets":[0,0]}}'),
      /names "shape" twice/,
    ],
    'an entry that is no object': [safetensorsBytes({ x: 3 }), /tensor "x": expected an object but received 3/],
    'an unknown field': [safetensorsBytes({ x: { ...entry([0], [0, 0]), a: 1 } }), /tensor "x": unknown field "a"/],
    'an unknown dtype': [safetensorsBytes({ x: entry([1], [0, 1], 'F8_E4M3') }, zeros(1)), /dtype "F8_E4M3" is not/],
    'a dtype of Object.prototype': [safetensorsBytes({ x: entry([1], [0, 1], 'toString') }, zeros(1)), /"toString"/],
    'a negative size': [safetensorsBytes({ x: entry([-1, -1], [0, 4]) }, zeros(4)), /expected shape to be/],
    'a fractional size': [safetensorsBytes({ x: entry([0.5, 2], [0, 4]) }, zeros(4)), /expected shape to be/],
    'a shape that is no list': [
      safetensorsBytes('{"x":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}'),
      /expected shape/,
    ],
    'three offsets': [safetensorsBytes({ x: entry([1], [0, 4, 8]) }, zeros(4)), /expected data_offsets/],
    '2^60 elements': [safetensorsBytes({ x: entry([2 ** 30, 2 ** 30], [0, 4]) }, zeros(4)), /too many elements/],
    'a product that wraps at 64 bits': [
      safetensorsBytes({ x: entry([2 ** 32, 2 ** 32], [0, 0]) }),
      /too many elements/,
    ],
    'offsets that are shorter than the shape': [
      safetensorsBytes({ x: entry([2], [0, 4]) }, zeros(4)),
      /takes 8 bytes, but its data_offsets span 4/,
    ],
    'offsets that run backwards': [safetensorsBytes({ x: entry([1], [8, 4]) }, zeros(8)), /span -4/],
    'offsets outside the file': [
      safetensorsBytes({ x: entry([1 << 20], [0, 1 << 22]) }, zeros(4)),
      /is truncated: its header describes 4194304 bytes of tensors, but 4 follow/,
    ],
    'overlapping tensors': [
      safetensorsBytes({ x: entry([2], [0, 8]), y: entry([2], [4, 12]) }, zeros(12)),
      /tensor "y": overlaps the tensor before it/,
    ],
    'a hole': [
      safetensorsBytes({ x: entry([1], [0, 4]), y: entry([1], [8, 12]) }, zeros(12)),
      /tensor "y": leaves a hole before it/,
    ],
    'bytes after the last tensor': [
      safetensorsBytes({ x: entry([1], [0, 4]) }, zeros(5)),
      /has bytes after its last tensor/,
    ],
    'metadata that is no string': [safetensorsBytes({ __metadata__: { a: 1 } }), /__metadata__ must map strings/],
  }

  it.each(Object.keys(cases))('rejects %s', async (name) => {
    const [file, message] = cases[name] as [Uint8Array, RegExp]
    const path = inFolder('bad.safetensors')
    writeFileSync(path, file)
    for (const source of [file, path]) {
      const error = await readSafetensors(source).catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        name: 'WeightsError',
        code: 'ERR_WEIGHTS',
        message: expect.stringMatching(message),
      })
      if (source === path) expect((error as Error).message).toContain(path)
    }
  })

  it('refuses sources that are no regular file', async () => {
    const error = { code: 'ERR_WEIGHTS' }
    await expect(readSafetensors(inFolder('missing'))).rejects.toMatchObject(error)
    await expect(readSafetensors(folder)).rejects.toMatchObject(error)
    await expect(readSafetensors('/dev/zero')).rejects.toMatchObject(error)
    await expect(readSafetensors('a\0b')).rejects.toMatchObject(error)
    for (const address of ['file://host/x', 'file:///%zz']) {
      const message = expect.stringContaining(address)
      await expect(readSafetensors(new URL(address))).rejects.toMatchObject({ ...error, message })
    }
  })

  it('refuses sources of another kind', async () => {
    const error = { code: 'ERR_OPTION' }
    await expect(readSafetensors(new URL('https://example.com/x.safetensors'))).rejects.toMatchObject(error)
    await expect(readSafetensors(3 as never)).rejects.toMatchObject(error)
    await expect(readSafetensors(referenceFloats, { sginal: 1 } as never)).rejects.toThrow(/Did you mean signal\?/)
    await expect(readSafetensors(referenceFloats, { signal: {} } as never)).rejects.toMatchObject(error)
    await expect(readSafetensors(new Float32Array(3) as never)).rejects.toMatchObject(error)
  })
})

describe('writing', () => {
  it('writes the bytes that the reference implementation writes, in any order of insertion', async () => {
    const path = inFolder('written.safetensors')
    await writeSafetensors(path, floatTensors, { format: 'pt' })
    expect(readFileSync(path).equals(referenceFloats)).toBe(true)
    await writeSafetensors(path, new Map([...floatTensors].reverse()), { format: 'pt' })
    expect(readFileSync(path).equals(referenceFloats)).toBe(true)
  })

  it('writes views of larger buffers and names that JSON escapes', async () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
    const tensors = new Map<string, Tensor>([
      ['__proto__', new Tensor(data, [2])],
      ['a"\\\n', new Tensor(data, [1, 2])],
    ])
    const path = inFolder('views.safetensors')
    await writeSafetensors(path, tensors)
    expect(plain(await readSafetensors(path))).toEqual(plain(tensors))
  })

  it('leaves the old file and nothing else when it fails', async () => {
    const own = mkdtempSync(join(folder, 'own-'))
    const path = join(own, 'net.safetensors')
    await writeSafetensors(path, floatTensors)
    const detached = new Tensor(new Float32Array(4), [4])
    structuredClone(detached.data.buffer, { transfer: [detached.data.buffer as ArrayBuffer] })
    await expect(writeSafetensors(path, new Map([['x', detached]]))).rejects.toMatchObject({ code: 'ERR_WEIGHTS' })
    expect(readdirSync(own)).toEqual(['net.safetensors'])
    expect(plain(await readSafetensors(path))).toEqual(plain(floatTensors))
    await expect(writeSafetensors(join(own, 'no', 'x'), floatTensors)).rejects.toMatchObject({ code: 'ERR_WEIGHTS' })
  })

  it('takes a URL and an object of tensors', async () => {
    const path = inFolder('by-url.safetensors')
    await writeSafetensors(pathToFileURL(path), Object.fromEntries(floatTensors))
    expect(plain(await readSafetensors(pathToFileURL(path)))).toEqual(plain(floatTensors))
  })

  it.each<[string, unknown, unknown, string, RegExp]>([
    [
      'an array',
      'x',
      new Map([['a', new Float32Array(3)]]),
      'ERR_DTYPE',
      /a of the tensors to be a Tensor .*Float32Array/,
    ],
    ['a promise', 'x', Promise.resolve(floatTensors), 'ERR_OPTION', /received Promise .*Await the promise first/],
    ['nothing', 'x', undefined, 'ERR_OPTION', /a map or an object of tensors by name but received undefined/],
    ['a path that is none', 7, floatTensors, 'ERR_OPTION', /a path or a file: URL but received 7/],
    ['an address', new URL('https://example.com/x'), floatTensors, 'ERR_OPTION', /file: URL.*https:\/\/example\.com/],
    ['a URL of another machine', new URL('file://host/x'), floatTensors, 'ERR_WEIGHTS', /file:\/\/host\/x/],
  ])('refuses %s', async (_, path, tensors, code, message) => {
    const attempt = writeSafetensors(path as string, tensors as never)
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuses the reserved name', async () => {
    const tensors = new Map([['__metadata__', new Tensor(new Float32Array(1), [1])]])
    await expect(writeSafetensors(inFolder('reserved'), tensors)).rejects.toThrow(/__metadata__ is reserved/)
  })
})
