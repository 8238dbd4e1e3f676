#!/usr/bin/env node
// im2col beside other engines, on this machine, now: npm run bench -- --help
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createModel } from '../dist/index.js'
import { measureLatency } from './latency.mjs'
import { compareLayers } from './layer-comparison.mjs'
import { describeMachine, peak } from './machine.mjs'
import { geometricMeans, markdownTable, speedChart } from './network-report.mjs'
import { NETWORK_PEERS, readOptions, usage } from './options.mjs'
import { pythonHas } from './python.mjs'
import { textReport } from './report.mjs'
import { measureConcurrency, measureEventLoop, measureLenet } from './sharing.mjs'
import { measureFirstAnswer, measureImport } from './start.mjs'

const BATCHED = { models: ['resnet50', 'mobilenet_v2'], batches: [8] }

const progress = (message) => process.stderr.write(`${message}\n`)

/** Whether the zoo has the network. */
function exists(name) {
  try {
    createModel(name)
    return true
  } catch (error) {
    if (error.code === 'ERR_UNKNOWN_MODEL') return false
    throw error
  }
}

/** One row per network, number of threads and number of images; what fails goes to `failures` and stops no other. */
async function measureNetworks({ models, threads, batches, failures, ...common }) {
  const rows = []
  for (const batch of batches) {
    for (const count of threads) {
      for (const network of models) {
        const load = { network, threads: count, batch }
        if (!exists(network)) {
          rows.push({ ...load, missing: true })
          continue
        }
        const what = `${network}, threads ${count}, batch ${batch}`
        progress(what)
        try {
          rows.push(await measureLatency({ ...common, name: network, threads: count, batch }))
        } catch (error) {
          failures.push({ what, message: error.message })
          rows.push({ ...load, failed: true })
        }
      }
    }
  }
  return rows
}

/** The peers that were asked for, or all that are there. */
function choosePeers({ peers, peersGiven }) {
  if (!peers.includes('openvino') || pythonHas('openvino')) return peers
  if (peersGiven) {
    throw new Error('--peers openvino: its Python package is missing; IM2COL_PYTHON names a Python that has it')
  }
  return peers.filter((peer) => peer !== 'openvino')
}

async function measure(options) {
  const { models, threads, batches, rounds, pauseMs, blockMs } = options
  const timing = { rounds, pauseMs, blockMs }
  const peers = choosePeers(options)
  const networkPeers = peers.filter((peer) => NETWORK_PEERS.includes(peer))
  const layerPeers = peers.filter((peer) => !NETWORK_PEERS.includes(peer))
  const nodePeers = networkPeers.filter((peer) => peer !== 'openvino')
  const most = Math.max(...threads)
  const failures = []

  const whole = { ...timing, peers: networkPeers, peak, failures }
  const sections = {
    networks: () => measureNetworks({ ...whole, models, threads, batches }),
    batch: () => measureNetworks({ ...whole, ...BATCHED, threads: [most] }),
    layers: () => compareLayers({ peers: layerPeers, peak, progress }),
    lenet: () => measureLenet({ ...timing, peers: nodePeers }),
    start: async () => ({
      imports: measureImport({ peers: nodePeers, rounds }),
      firstAnswers: await measureFirstAnswer({ peers: nodePeers, rounds, threads: most }),
    }),
    loop: () => measureEventLoop({ peers: nodePeers, threads: most }),
    concurrency: () => measureConcurrency({ ...timing, peers: nodePeers, threads: most }),
  }

  const result = {
    measured: new Date().toISOString().slice(0, 10),
    settings: timing,
    machine: await describeMachine(peers, threads),
  }
  for (const section of options.sections) {
    progress(`section ${section}`)
    try {
      result[section] = await sections[section]()
    } catch (error) {
      failures.push({ what: `section ${section}`, message: error.message })
    }
  }
  if (result.networks) result.geometricMeans = geometricMeans(result.networks)
  return { ...result, failures }
}

/** Numbers with the digits that mean something. */
const toJson = (result) =>
  JSON.stringify(result, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value), 2)

/** Named after the kind of machine, so that results of several can lie side by side. */
function write(folder, result) {
  const { cpu, cores, isa } = result.machine
  const name = `${cpu} ${cores} cores ${isa}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const files = { json: `${toJson(result)}\n`, svg: speedChart(result), md: markdownTable(result.networks ?? []) }
  mkdirSync(folder, { recursive: true })
  for (const [extension, content] of Object.entries(files)) {
    if (content !== undefined) writeFileSync(join(folder, `${name}.${extension}`), content)
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    console.log(usage)
    return
  }
  const result = await measure(options)
  console.log(options.json ? toJson(result) : `\n${textReport(result)}`)
  if (options.out !== undefined) write(options.out, result)
  if (result.failures.length > 0) process.exitCode = 1
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
