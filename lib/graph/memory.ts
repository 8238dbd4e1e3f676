/** Where buffers lie in the arena: those that live at the same time never overlap. Sizes and offsets are in elements. */

/** A buffer and the steps, by index, between which it holds data (both inclusive). */
export interface Lifetime {
  readonly size: number
  readonly first: number
  readonly last: number
}

export interface MemoryPlan {
  /** By buffer; multiples of 16. */
  readonly offsets: readonly number[]
  readonly arenaSize: number
}

/** A cache line, and the alignment of every buffer. */
const LINE = 16

/** Addresses that are a multiple of 4 KiB apart compete for the same lines of the first-level cache. */
const ALIASING_DISTANCE = 1024

/** A stride or size moved off the multiples of 4 KiB by one cache line. */
export function avoidAliasing(size: number): number {
  return size % ALIASING_DISTANCE === 0 ? size + LINE : size
}

/**
 * Packs buffers into one arena: the largest first, each into the smallest gap that is free during its whole life
 * (greedy by size with best fit, Pisarchyk and Lee 2020).
 */
export function planMemory(buffers: readonly Lifetime[]): MemoryPlan {
  const sizes = buffers.map(({ size }) => avoidAliasing(Math.ceil(size / LINE) * LINE))
  const offsets = buffers.map(() => 0)
  const placed: number[] = []
  let arenaSize = 0
  const bySize = buffers.map((_, i) => i).sort((a, b) => at(sizes, b) - at(sizes, a) || a - b)
  for (const index of bySize) {
    const { first, last } = buffers[index] as Lifetime
    const size = at(sizes, index)
    const neighbours = placed
      .filter((other) => (buffers[other] as Lifetime).first <= last && first <= (buffers[other] as Lifetime).last)
      .sort((a, b) => at(offsets, a) - at(offsets, b))
    let best = { offset: 0, gap: Number.POSITIVE_INFINITY }
    let end = 0
    for (const other of neighbours) {
      const gap = at(offsets, other) - end
      if (gap >= size && gap < best.gap) best = { offset: end, gap }
      end = Math.max(end, at(offsets, other) + at(sizes, other))
    }
    const offset = best.gap < Number.POSITIVE_INFINITY ? best.offset : end
    offsets[index] = offset
    placed.push(index)
    arenaSize = Math.max(arenaSize, offset + size)
  }
  return { offsets, arenaSize }
}

function at(list: readonly number[], index: number): number {
  return list[index] ?? 0
}
