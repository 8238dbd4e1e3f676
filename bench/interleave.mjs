// Contenders in turn, round by round, in short blocks.
//
// Every engine has a process of its own and is idle while another is measured: commands go out one at a time. Processes
// of their own keep the engines' thread pools, allocators and garbage apart. Threads of an engine may spin on for a while
// after its run, so a pause comes before each block, and a run that does not count wakes caches, threads and clock
// afterwards. The order turns with each round, so that nobody always follows the same neighbour.
import { setTimeout as sleep } from 'node:timers/promises'

const MIN_RUNS = 3
const MAX_RUNS = 2000

/**
 * `contenders` have an `id` and `block(count)`, which gives the milliseconds of `count` runs after one that does not
 * count. Gives a map from id to one list of samples per round.
 */
export async function interleave(contenders, { rounds, pauseMs, blockMs }) {
  const counts = new Map()
  for (const { id, block } of contenders) {
    await sleep(pauseMs)
    const runs = await block(MIN_RUNS)
    counts.set(id, runsPerBlock(Math.min(...runs), blockMs))
  }
  const samples = new Map(contenders.map(({ id }) => [id, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const { id, block } = contenders[(round + turn) % contenders.length]
      await sleep(pauseMs)
      samples.get(id).push(await block(counts.get(id)))
    }
  }
  return samples
}

/** As many runs as fill a block, within reason. */
export const runsPerBlock = (runMs, blockMs) =>
  Math.min(MAX_RUNS, Math.max(MIN_RUNS, Math.round(blockMs / runMs) || MIN_RUNS))
