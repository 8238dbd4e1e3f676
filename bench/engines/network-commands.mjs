// What a child can be told to do with a whole network.
import { readFile } from 'node:fs/promises'

const resident = () => {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

/** Milliseconds of each of `count` calls. */
async function clock(count, work) {
  const times = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return times
}

/** Without a turn of the event loop between the calls. */
function clockSync(count, work) {
  const times = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    work()
    times.push(performance.now() - start)
  }
  return times
}

/** The first `count` elements of a file of float32. */
async function readFloats(path, count) {
  const bytes = await readFile(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * count))
}

/** `[n, c, h, w]` to `[n, h, w, c]`. */
function toChannelsLast(data, [n, c, h, w]) {
  const moved = new Float32Array(data.length)
  const pixels = h * w
  for (let image = 0; image < n; image++) {
    const at = image * c * pixels
    for (let channel = 0; channel < c; channel++) {
      for (let p = 0; p < pixels; p++) moved[at + p * c + channel] = data[at + channel * pixels + p]
    }
  }
  return moved
}

/**
 * The commands of an engine that takes images in `layout`. `openEngine({ name, files, shape, threads, input })` makes a network
 * ready and gives { importMs, facts, run, runSync?, output }; `run` answers the same images again and again.
 */
export function networkCommands(layout, openEngine) {
  let engine

  const modes = {
    run: (count) => clock(count, engine.run),
    runSync: (count) => clockSync(count, engine.runSync),
    /** Each call is `jobs` runs, one after another. */
    row: (count, jobs) =>
      clock(count, async () => {
        for (let job = 0; job < jobs; job++) await engine.run()
      }),
    /** Each call is `jobs` runs that are asked for at once. */
    together: (count, jobs) => clock(count, () => Promise.all(Array.from({ length: jobs }, engine.run))),
  }

  return {
    /** Makes the network ready and answers once, all of it timed. */
    async open(options) {
      const { files, shape } = options
      const nchw = await readFloats(
        files.input,
        shape.reduce((a, b) => a * b),
      )
      const input = layout === 'nhwc' ? toChannelsLast(nchw, shape) : nchw
      const before = resident()
      const start = performance.now()
      engine = await openEngine({ ...options, input })
      const ready = performance.now()
      await engine.run()
      const answered = performance.now()
      return {
        importMs: engine.importMs,
        readyMs: ready - start - engine.importMs,
        firstRunMs: answered - ready,
        residentBytes: resident() - before,
        ...engine.facts,
      }
    },

    async block({ mode = 'run', count, warmup = 1, jobs = 1 }) {
      await modes[mode](warmup, jobs)
      return modes[mode](count, jobs)
    },

    output: async () => Array.from(await engine.output()),

    /** How often a timer of 1 ms fires while `runs` runs are awaited, and the longest time that it had to wait. */
    async ticks({ runs }) {
      await engine.run()
      let ticks = 0
      let longestMs = 0
      const start = performance.now()
      let last = start
      const look = () => {
        const now = performance.now()
        longestMs = Math.max(longestMs, now - last)
        last = now
      }
      const timer = setInterval(() => {
        ticks++
        look()
      }, 1)
      for (let i = 0; i < runs; i++) await engine.run()
      clearInterval(timer)
      look()
      return { ticks, longestMs, milliseconds: last - start }
    },
  }
}
