import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { WeightsError } from '../../lib/errors.js'
import { Tensor } from '../../lib/tensor.js'
import { readSafetensors, writeSafetensors } from '../../lib/weights/safetensors.js'
import { findPython } from '../support/python.js'
import { safetensorsBytes } from '../support/safetensors-bytes.js'

const folder = mkdtempSync(join(tmpdir(), 'im2col-safetensors-'))
afterAll(() => rmSync(folder, { recursive: true }))

const elementBytes: Record<string, number> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1, BOOL: 1 }
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** Header and data of a valid file. */
const validFile = fc
  .dictionary(
    fc.string({ minLength: 1, maxLength: 6 }).filter((name) => name !== '__metadata__'),
    fc.record({
      dtype: fc.constantFrom(...Object.keys(elementBytes)),
      shape: fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
    }),
    { maxKeys: 6 },
  )
  .chain((entries) => {
    let offset = 0
    const header: Record<string, unknown> = Object.create(null)
    for (const [name, { dtype, shape }] of Object.entries(entries)) {
      const end = offset + count(shape) * (elementBytes[dtype] as number)
      header[name] = { dtype, shape, data_offsets: [offset, end] }
      offset = end
    }
    return fc.record({
      header: fc.constant(header),
      data: fc.uint8Array({ minLength: offset, maxLength: offset }),
    })
  })

/** Every outcome but a map of sound tensors or a typed error fails; nothing larger than the file may be allocated. */
async function readsOrRefuses(file: Uint8Array): Promise<boolean> {
  const before = process.memoryUsage().arrayBuffers
  try {
    const tensors = await readSafetensors(file)
    let elements = 0
    for (const tensor of tensors.values()) {
      expect(tensor.data.length).toBe(count(tensor.shape))
      elements += tensor.data.length
    }
    expect(elements).toBeLessThanOrEqual(file.length / 2)
    return true
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error
    expect(error.code).toBe('ERR_WEIGHTS')
    expect(error.message.length).toBeLessThan(600)
    return false
  } finally {
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20)
  }
}

describe('hostile files', () => {
  it('reads every valid file', async () => {
    await fc.assert(
      fc.asyncProperty(validFile, async ({ header, data }) => {
        expect(await readsOrRefuses(safetensorsBytes(header, data))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('survives changed, inserted and removed bytes anywhere', async () => {
    const edits = fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        remove: fc.nat({ max: 3 }),
        insert: fc.uint8Array({ maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(validFile, edits, async ({ header, data }, changes) => {
        const bytes = [...safetensorsBytes(header, data)]
        for (const { at, remove, insert } of changes) bytes.splice(Math.floor(at * bytes.length), remove, ...insert)
        await readsOrRefuses(Uint8Array.from(bytes))
      }),
      { numRuns: 3000 },
    )
  })

  it('survives every truncation', async () => {
    const entries = {
      a: { dtype: 'F32', shape: [3], data_offsets: [0, 12] },
      b: { dtype: 'F16', shape: [2], data_offsets: [12, 16] },
    }
    const file = safetensorsBytes(entries, new Uint8Array(16))
    expect(await readsOrRefuses(file)).toBe(true)
    for (let length = 0; length < file.length; length++)
      expect(await readsOrRefuses(file.subarray(0, length))).toBe(false)
  })

  it('survives headers of wrong structure under right lengths', async () => {
    const scalar = fc.oneof(
      fc.maxSafeInteger(),
      fc.double(),
      fc.constantFrom(2 ** 31, 2 ** 53, 2 ** 60, -1, 4, 8),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
    )
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom(...Object.keys(elementBytes)), scalar),
        shape: fc.oneof(fc.array(scalar, { maxLength: 4 }), fc.array(fc.nat({ max: 4 }), { maxLength: 3 }), scalar),
        data_offsets: fc.oneof(
          fc.array(scalar, { maxLength: 3 }),
          fc.tuple(fc.nat({ max: 16 }), fc.nat({ max: 16 })),
          scalar,
        ),
      },
      { requiredKeys: [] },
    )
    const header = fc.oneof(fc.dictionary(fc.string({ maxLength: 3 }), fc.oneof(entry, fc.jsonValue())), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(header, fc.uint8Array({ maxLength: 16 }), async (value, data) => {
        await readsOrRefuses(safetensorsBytes(value as object, data))
      }),
      { numRuns: 3000 },
    )
  })

  it('parses a deeply nested header without running out of stack', async () => {
    const depth = 200_000
    expect(await readsOrRefuses(safetensorsBytes(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`))).toBe(false)
  })
})

describe('round trip', () => {
  const tensors = fc
    .dictionary(
      fc.string({ unit: 'binary', maxLength: 8 }).filter((name) => name !== '__metadata__'),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
      { maxKeys: 8 },
    )
    .chain((shapes) =>
      fc.tuple(
        ...Object.entries(shapes).map(([name, shape]) =>
          fc
            .float32Array({ minLength: count(shape), maxLength: count(shape) })
            .map((data): [string, Tensor] => [name, new Tensor(data, shape)]),
        ),
      ),
    )
    .map((entries) => new Map(entries))

  it('gives back the same names, shapes and bits', async () => {
    const path = join(folder, 'round-trip.safetensors')
    await fc.assert(
      fc.asyncProperty(tensors, async (written) => {
        await writeSafetensors(path, written)
        expect(readFileSync(path).readBigUInt64LE(0) % 8n).toBe(0n)
        const read = await readSafetensors(path)
        expect([...read.keys()].sort()).toEqual([...written.keys()].sort())
        for (const [name, { data, shape }] of written) {
          expect(read.get(name)?.shape).toEqual(shape)
          expect(Buffer.from(read.get(name)?.data.buffer as ArrayBuffer).equals(Buffer.from(data.buffer))).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})

const python = findPython('safetensors', 'numpy')

describe.skipIf(python === undefined)('the reference implementation', () => {
  it('reads what is written here, and writes what is read here', async () => {
    const script = `
import sys, numpy as np
from safetensors.numpy import load_file, save_file
tensors = load_file(sys.argv[1])
save_file({k: v * 2 for k, v in tensors.items()}, sys.argv[2])
save_file({k: v.astype(np.float16) for k, v in tensors.items()}, sys.argv[3])`
    const [ours, doubled, halves] = ['ours', 'doubled', 'halves'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const written = new Map(
      Array.from(
        { length: 20 },
        (_, i) =>
          [
            `layer.${i}`,
            new Tensor(
              Float32Array.from({ length: i + 1 }, (_, j) => i - j / 4),
              [i + 1],
            ),
          ] as const,
      ),
    )
    await writeSafetensors(ours, written, { format: 'pt' })
    writeFileSync(join(folder, 'script.py'), script)
    execFileSync(python as string, [join(folder, 'script.py'), ours, doubled, halves])
    const twice = await readSafetensors(doubled)
    const half = await readSafetensors(halves)
    expect(twice.size).toBe(20)
    for (const [name, { data }] of written) {
      expect([...(twice.get(name)?.data ?? [])]).toEqual([...data].map((x) => x * 2))
      expect([...(half.get(name)?.data ?? [])]).toEqual([...data])
    }
  })
})
