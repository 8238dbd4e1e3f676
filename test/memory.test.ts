import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignLayout, NO_HALO } from '../lib/graph/layout.js'
import { avoidAliasing, type Lifetime, planMemory } from '../lib/graph/memory.js'
import { fuseResidual } from '../lib/graph/passes/fuse-residual.js'
import { GraphBuilder } from './support/graph-builder.js'

const lifetime: fc.Arbitrary<Lifetime> = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.nat(40), fc.nat(15))
  .map(([size, first, length]) => ({ size, first, last: first + length }))

describe('planMemory', () => {
  test('never lets buffers that live at the same time overlap', () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 40 }), (buffers) => {
        const { offsets, arenaSize } = planMemory(buffers)
        const ranges = buffers.map((buffer, i) => {
          const start = offsets[i] as number
          return { ...buffer, start, end: start + buffer.size }
        })
        for (const [i, a] of ranges.entries()) {
          expect(a.start % 16).toBe(0)
          expect(a.end).toBeLessThanOrEqual(arenaSize)
          for (const b of ranges.slice(i + 1)) {
            const together = Math.max(a.first, b.first) <= Math.min(a.last, b.last)
            expect(together && Math.max(a.start, b.start) < Math.min(a.end, b.end)).toBe(false)
          }
        }
      }),
    )
  })

  test('uses memory again that is free', () => {
    const chain = Array.from({ length: 20 }, (_, i) => ({ size: 1000, first: i, last: i + 1 }))
    expect(planMemory(chain).arenaSize).toBeLessThan(2 * 1100)
  })

  test('prefers the smallest gap that is large enough', () => {
    const wall = (first: number, last: number, size: number) => ({ size, first, last })
    const buffers = [
      wall(0, 9, 4000),
      wall(0, 4, 3000),
      wall(0, 9, 2000),
      wall(0, 4, 1600),
      wall(0, 9, 1100),
      wall(5, 9, 1000),
    ]
    const { offsets } = planMemory(buffers)
    expect(offsets[5]).toBe(offsets[3])
  })

  test('large buffers start on different lines of a 4 KiB page', () => {
    const { offsets } = planMemory([0, 1, 2].map(() => ({ size: 4096, first: 0, last: 1 })))
    expect(new Set(offsets.map((offset) => offset % 1024)).size).toBe(3)
  })

  test('moves strides off the multiples of 4 KiB', () => {
    expect([64, 1024, 2048, 1040].map(avoidAliasing)).toEqual([64, 1040, 2064, 1040])
  })

  test('an empty plan has an empty arena', () => {
    expect(planMemory([])).toEqual({ offsets: [], arenaSize: 0 })
  })
})

describe('assignLayout', () => {
  const layoutOf = (b: GraphBuilder, output: number) => assignLayout(b.finish({ output }), () => NO_HALO)
  const copiesOf = (layout: ReturnType<typeof layoutOf>) => [...layout.copies.values()].flat()

  test('the inputs of a concat are channel ranges of its buffer', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 3])
    const [left, right] = [b.activation(x), b.softmax(x)]
    const y = b.concat(left, right)
    const layout = layoutOf(b, y)
    expect(layout.buffers).toHaveLength(2)
    expect(layout.slots[left]).toEqual({ buffer: layout.slots[y]?.buffer, channel: 0 })
    expect(layout.slots[right]).toEqual({ buffer: layout.slots[y]?.buffer, channel: 3 })
    expect(copiesOf(layout)).toEqual([])
  })

  for (const form of ['all features so far', 'the last concat and one more'] as const) {
    test(`a dense block that concats ${form} has one buffer and no copy`, () => {
      const b = new GraphBuilder()
      const features = [b.activation(b.input('x', [4, 4, 8]))]
      let last = features[0] as number
      for (let i = 0; i < 6; i++) {
        const grown = b.conv(b.batchNorm(last), 4, { kernel: [3, 3], padStart: [1, 1] })
        features.push(grown)
        last = form === 'all features so far' ? b.concat(...features) : b.concat(last, grown)
      }
      const layout = layoutOf(b, b.softmax(last))
      expect(copiesOf(layout)).toEqual([])
      const block = new Set(features.map((value) => layout.slots[value]?.buffer))
      expect(block.size).toBe(1)
      expect(layout.slots[last]).toEqual({ buffer: [...block][0], channel: 0 })
      expect(layout.buffers.filter(({ extents }) => extents[3] === 32)).toHaveLength(2)
    })
  }

  test('concats inside concats share the outer buffer', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 3])
    const [p, q, r] = [b.softmax(x), b.activation(x), b.batchNorm(x)]
    const inner = b.concat(q, r)
    const outer = b.concat(p, inner)
    const layout = layoutOf(b, outer)
    expect(copiesOf(layout)).toEqual([])
    expect(layout.slots[r]).toEqual({ buffer: layout.slots[outer]?.buffer, channel: 6 })
  })

  test('what is needed at two places is copied to the second', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 3])
    const y = b.concat(x, x)
    const layout = layoutOf(b, y)
    expect(layout.copies.get(y)).toEqual([{ value: x, slot: { buffer: layout.slots[y]?.buffer, channel: 3 } }])
  })

  test('a value in two concats of different order is copied where it does not fit', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 3])
    const [p, q] = [b.softmax(x), b.activation(x)]
    const there = b.concat(p, q)
    const back = b.concat(q, p)
    const layout = layoutOf(b, b.add(there, back))
    expect(copiesOf(layout)).toHaveLength(2)
  })

  test('an elementwise output takes the place of an input that dies there', () => {
    const b = new GraphBuilder()
    const trunk = b.softmax(b.input('x', [4, 4, 3]))
    const branch = b.conv(trunk, 3, { kernel: [3, 3], padStart: [1, 1], padEnd: [1, 1] })
    const sum = b.add(branch, trunk)
    const graph = b.finish({ output: b.softmax(sum) })
    const added = assignLayout(graph, () => NO_HALO)
    expect(added.slots[sum]).toEqual(added.slots[branch])
    // The convolution's own input is no place for its output, even when it is the residual too.
    const fused = assignLayout(fuseResidual(graph), () => NO_HALO)
    expect(fused.slots[sum]).not.toEqual(fused.slots[trunk])
  })

  test('a residual that dies is overwritten, one that is read later or lies in a concat is not', () => {
    const place = (later: 'nothing' | 'read' | 'concat') => {
      const b = new GraphBuilder()
      const x = b.input('x', [4, 4, 3])
      const trunk = b.softmax(x)
      const branch = b.softmax(b.batchNorm(trunk))
      const sum = b.add(branch, trunk)
      const end = { nothing: () => sum, read: () => b.softmax(trunk), concat: () => b.concat(trunk, x) }[later]()
      const layout = assignLayout(b.finish({ sum, branch, end }), () => NO_HALO)
      return { sum: layout.slots[sum], trunk: layout.slots[trunk], branch: layout.slots[branch] }
    }
    expect([place('nothing').trunk, place('nothing').branch]).toContainEqual(place('nothing').sum)
    for (const later of ['read', 'concat'] as const) expect(place(later).sum).not.toEqual(place(later).trunk)
  })

  test('a flatten of one pixel is a view, of more it is not', () => {
    const b = new GraphBuilder()
    const pixel = b.input('pixel', [1, 1, 3])
    const picture = b.input('picture', [2, 2, 3])
    const [same, other] = [b.flatten(pixel), b.flatten(picture)]
    const layout = assignLayout(b.finish({ same, other }), () => NO_HALO)
    expect(layout.slots[same]).toEqual(layout.slots[pixel])
    expect(layout.slots[other]).not.toEqual(layout.slots[picture])
  })

  test('a buffer has the largest halo that any reader of any of its values wants', () => {
    const b = new GraphBuilder()
    const x = b.input('x', [4, 4, 3])
    const left = b.activation(x)
    const y = b.concat(left, b.softmax(x))
    b.batchNorm(left)
    const layout = assignLayout(b.finish({ y }), (node) => (node.op === 'batchNorm' ? [0, 0, 1, 2, 3, 0] : NO_HALO))
    expect(layout.buffers[layout.slots[y]?.buffer ?? -1]?.halo).toEqual([0, 0, 1, 2, 3, 0])
    expect(layout.buffers[layout.slots[x]?.buffer ?? -1]?.halo).toEqual(NO_HALO)
  })
})
