// Whole networks: the time from asking for an answer to having it, ours beside each peer's.
import { withEngines } from './engine-process.mjs'
import { interleave } from './interleave.mjs'
import { imageShape, networkFiles } from './networks.mjs'
import { relativeRms, roundRatios, spread } from './statistics.mjs'

/** Outputs of fp32 engines on one network differ by rounding; another network or other weights are far beyond this. */
const MAX_RELATIVE_RMS = 1e-3

/**
 * Measures one network with `threads` threads on `batch` images. Before that every engine's output is compared with ours;
 * a mismatch throws. `peak()` gives the GFLOP/s that one thread can reach at this moment.
 */
export async function measureLatency({ name, peers, threads, batch, rounds, pauseMs, blockMs, peak }) {
  const files = networkFiles(name, batch)
  const shape = imageShape(name, batch)
  return withEngines(['im2col', ...peers], async (engines) => {
    const [ours, ...theirs] = engines
    const { macs } = await ours.ask('open', { name, files, shape, threads })
    const expected = await ours.ask('output')
    const differences = new Map()
    for (const peer of theirs) {
      await peer.ask('open', { name, files, shape, threads })
      const difference = relativeRms(await peer.ask('output'), expected)
      if (!(difference < MAX_RELATIVE_RMS)) {
        throw new Error(`${name}: ${peer.name} answers otherwise than im2col, relative rms ${difference}`)
      }
      differences.set(peer.name, difference)
    }

    const before = peak()
    const contenders = engines.map((engine) => ({ id: engine.name, block: (count) => engine.ask('block', { count }) }))
    const samples = await interleave(contenders, { rounds, pauseMs, blockMs })
    const gflopsPeak = threads * Math.max(before, peak())

    const own = samples.get('im2col')
    const milliseconds = spread(own.flat())
    const gflopsPerSecond = (2 * macs * batch) / (1e6 * milliseconds.median)
    const ofPeer = (peer) => ({
      milliseconds: spread(samples.get(peer).flat()),
      ratio: spread(roundRatios(samples.get(peer), own)),
      relativeRms: differences.get(peer),
    })
    return {
      network: name,
      threads,
      batch,
      im2col: { milliseconds, gflopsPerSecond, shareOfPeak: gflopsPerSecond / gflopsPeak },
      peers: Object.fromEntries(peers.map((peer) => [peer, ofPeer(peer)])),
    }
  })
}
