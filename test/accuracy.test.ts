import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { hasShared, sharedPath } from './support/shared.js'

const tool = join(import.meta.dirname, '../tools/accuracy.mjs')
const accuracy = (...options: readonly string[]) =>
  spawnSync(process.execPath, [tool, ...options], { encoding: 'utf8' })

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'im2col-accuracy-'))
  folders.push(folder)
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  return folder
}

/** An IDX file of unsigned bytes. */
function idx(shape: readonly number[], data: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis)
  return Buffer.concat([header, Buffer.from(data)])
}

/** A picture of a vertical stroke, which is a one. */
const one = Array.from({ length: 28 * 28 }, (_, i) => {
  const [x, y] = [i % 28, Math.floor(i / 28)]
  return x >= 13 && x <= 14 && y >= 4 && y < 24 ? 255 : 0
})

describe('npm run accuracy -- mnist DIR', () => {
  test.runIf(hasShared('data/mnist'))('finds that the shipped LeNet-5 reads at least 99.2 % of the test digits', () => {
    const { stdout, stderr, status } = accuracy('mnist', sharedPath('data/mnist'))
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const [, share, right] = /^accuracy (0\.\d{4}) \((\d+)\/10000\)\n$/.exec(stdout) ?? []
    expect(Number(right)).toBeGreaterThanOrEqual(9920)
    expect(share).toBe((Number(right) / 10000).toFixed(4))
  })

  test('counts the digits that are read right, packed or not', () => {
    const images = idx([3, 28, 28], [...one, ...one, ...one])
    const labels = idx([3], [1, 7, 1])
    const packed = folderOf({
      't10k-images-idx3-ubyte.gz': gzipSync(images),
      't10k-labels-idx1-ubyte.gz': gzipSync(labels),
    })
    const plain = folderOf({ 't10k-images-idx3-ubyte': images, 't10k-labels-idx1-ubyte': labels })
    expect(accuracy('mnist', packed).stdout).toBe('accuracy 0.6667 (2/3)\n')
    expect(accuracy('mnist', plain).stdout).toBe('accuracy 0.6667 (2/3)\n')
  })
})

describe('npm run accuracy explains', () => {
  const images = idx([1, 28, 28], one)
  const labels = idx([1], [1])
  const refusal = (...options: readonly string[]) => {
    const { stdout, stderr, status } = accuracy(...options)
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 })
    return stderr
  }

  test('how it is called', () => {
    expect(refusal()).toMatch(/a test set is missing\nUsage: npm run accuracy/)
    expect(refusal('cifar', '.')).toMatch(/no test set "cifar"\nUsage/)
    expect(refusal('toString', '.')).toMatch(/no test set "toString"\nUsage/)
    expect(refusal('mnist')).toMatch(/expected one DIR\nUsage/)
  })

  test('which directory or file is missing', () => {
    expect(refusal('mnist', '/nowhere/at/all')).toBe('accuracy: /nowhere/at/all is no directory\n')
    expect(refusal('mnist', folderOf({}))).toMatch(/neither .*t10k-images-idx3-ubyte nor .*\.gz is there/)
    expect(refusal('mnist', folderOf({ 't10k-images-idx3-ubyte': images }))).toMatch(/neither .*t10k-labels/)
  })

  test('what is wrong with a file', () => {
    const folder = (files: { images?: Uint8Array; labels?: Uint8Array }) =>
      folderOf({ 't10k-images-idx3-ubyte': files.images ?? images, 't10k-labels-idx1-ubyte': files.labels ?? labels })
    expect(refusal('mnist', folder({ images: Buffer.from('not idx') }))).toMatch(/is no IDX file/)
    expect(refusal('mnist', folder({ images: images.subarray(0, 700) }))).toMatch(/expected 784 bytes .* found 684/)
    expect(refusal('mnist', folder({ labels: idx([2], [1, 1]) }))).toMatch(/found 1 x 28 x 28 and 2/)
    const broken = folderOf({ 't10k-images-idx3-ubyte.gz': gzipSync(images).subarray(0, 20) })
    expect(refusal('mnist', broken)).toMatch(/\.gz cannot be unpacked/)
  })
})
