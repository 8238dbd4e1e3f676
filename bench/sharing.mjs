// How an engine gets on with others: with the event loop of its process, with other runs, and with tiny networks.
import { withEngines } from './engine-process.mjs'
import { interleave } from './interleave.mjs'
import { imageShape, networkFiles } from './networks.mjs'
import { median, roundRatios, spread } from './statistics.mjs'

const LOOP_RUNS = 20
const JOBS = 8
/** A run of microseconds is JavaScript for a good part, which many calls have to warm up. */
const LENET_WARMUP = 200

const opened = (name, threads, peers, work) =>
  withEngines(['im2col', ...peers], async (engines) => {
    const options = { name, files: networkFiles(name), shape: imageShape(name, 1), threads }
    for (const engine of engines) await engine.ask('open', options)
    return work(engines)
  })

/** LeNet-5 on one thread: microseconds of one picture. */
export const measureLenet = ({ peers, ...timing }) =>
  opened('lenet5', 1, peers, async (engines) => {
    const contender = (engine, mode) => ({
      id: `${engine.name} ${mode}`,
      block: (count) => engine.ask('block', { mode, count, warmup: LENET_WARMUP }),
    })
    const contenders = [contender(engines[0], 'runSync'), ...engines.map((engine) => contender(engine, 'run'))]
    const samples = await interleave(contenders, timing)
    const microseconds = (id) => spread(samples.get(id).map((round) => 1e3 * median(round)))
    return contenders.map(({ id }) => ({ call: id, microseconds: microseconds(id) }))
  })

/** How the event loop fares while runs of ResNet-50 are awaited: a timer of 1 ms, its ticks and its longest wait. */
export const measureEventLoop = ({ peers, threads }) =>
  opened('resnet50', threads, peers, async (engines) => {
    const rows = []
    for (const engine of engines) {
      const { ticks, longestMs, milliseconds } = await engine.ask('ticks', { runs: LOOP_RUNS })
      rows.push({ engine: engine.name, threads, runs: LOOP_RUNS, milliseconds, ticks, longestMs })
    }
    return rows
  })

/** Runs of ResNet-50 that are asked for at once, against as many in a row. */
export const measureConcurrency = ({ peers, threads, ...timing }) =>
  opened('resnet50', threads, peers, async (engines) => {
    const contender = (engine, mode) => ({
      id: `${engine.name} ${mode}`,
      block: (count) => engine.ask('block', { mode, count, jobs: JOBS }),
    })
    const contenders = engines.flatMap((engine) => [contender(engine, 'row'), contender(engine, 'together')])
    const samples = await interleave(contenders, timing)
    return engines.map(({ name }) => {
      const row = samples.get(`${name} row`)
      const together = samples.get(`${name} together`)
      return {
        engine: name,
        threads,
        jobs: JOBS,
        rowMilliseconds: spread(row.flat()),
        togetherMilliseconds: spread(together.flat()),
        ratio: spread(roundRatios(together, row)),
      }
    })
  })
