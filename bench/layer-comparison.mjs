// Single convolutions on one thread: ours beside those of the pure-JavaScript and WebAssembly libraries.
import { readFileSync } from 'node:fs'
import { withEngines } from './engine-process.mjs'
import { layerLabel, layerMacs, readLayers } from './layer-table.mjs'
import { median, relativeRms } from './statistics.mjs'

const MAX_RELATIVE_RMS = 1e-4
const MAX_SECONDS = 1

/** Calls `progress` with each layer's label; throws when a library computes something else than we do. */
export async function compareLayers({ peers, peak, progress }) {
  const layers = readLayers(readFileSync(new URL('layers.txt', import.meta.url), 'utf8'))
  return withEngines(
    ['im2col', ...peers].map((name) => `layers-${name}`),
    async ([ours, ...theirs]) => {
      const rows = []
      let best = 0 // the peak that was seen at any time, since a disturbance only lowers it
      for (const layer of layers) {
        const label = layerLabel(layer)
        progress(label)
        const command = { layer, maxSeconds: MAX_SECONDS }
        const own = await ours.ask('layer', command)
        const milliseconds = 1e3 * median(own.seconds)
        best = Math.max(best, peak())
        const gflopsPerSecond = (2 * layerMacs(layer)) / (1e6 * milliseconds)
        const row = {
          network: layer.network,
          layer: label,
          milliseconds,
          gflopsPerSecond,
          peers: {},
        }
        for (const [i, engine] of theirs.entries()) {
          const answer = await engine.ask('layer', command)
          if (answer === null) continue
          const difference = relativeRms(answer.output, own.output)
          if (!(difference < MAX_RELATIVE_RMS)) {
            throw new Error(`${label}: ${peers[i]} answers otherwise than im2col, relative rms ${difference}`)
          }
          const theirMs = 1e3 * median(answer.seconds)
          row.peers[peers[i]] = { milliseconds: theirMs, ratio: theirMs / milliseconds, relativeRms: difference }
        }
        rows.push(row)
      }
      return rows.map((row) => ({ ...row, shareOfPeak: row.gflopsPerSecond / best }))
    },
  )
}
