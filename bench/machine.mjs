// The machine: what it is, and what it can do at best. Nothing here names a host, a user or a path.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import nodeGypBuild from 'node-gyp-build'
import { engineInfo } from '../dist/index.js'
import { python } from './python.mjs'

const PEAK_MILLISECONDS = 30
const { fmaPeak } = nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)))

/** Most GFLOP/s of multiply-adds that one thread reaches with our instruction set, right now. */
export const peak = () => fmaPeak(undefined, PEAK_MILLISECONDS)

/** GB/s that `threads` threads read together, each streaming through 256 MiB of its own by the C library's memchr. */
export async function readBandwidth(threads) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('bandwidth-worker.mjs', import.meta.url)))
  const message = (worker) =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  await Promise.all(workers.map(message))
  const answers = workers.map(message)
  for (const worker of workers) worker.postMessage('go')
  const gigabytesPerSecond = await Promise.all(answers)
  await Promise.all(workers.map((worker) => worker.terminate()))
  return gigabytesPerSecond.reduce((a, b) => a + b)
}

const packages = {
  ort: 'onnxruntime-node',
  'tfjs-cpu': '@tensorflow/tfjs',
  'tfjs-wasm': '@tensorflow/tfjs-backend-wasm',
  convnetjs: 'convnetjs',
}

function versionOf(peer) {
  if (peer === 'openvino') {
    const { stdout } = spawnSync(python, ['-c', 'import openvino; print(openvino.__version__)'], { encoding: 'utf8' })
    return `openvino ${stdout.trim().split('-')[0]}`
  }
  const manifest = new URL(`node_modules/${packages[peer]}/package.json`, import.meta.url)
  if (!existsSync(manifest)) throw new Error(`${packages[peer]} is missing: npm install --prefix bench`)
  return `${packages[peer]} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`
}

/** Versions of `peers`, and the machine's speed. Throws when the package of a peer is missing. */
export async function describeMachine(peers, threadCounts) {
  const { version, isa } = engineInfo()
  const gigabytesPerSecond = {}
  for (const threads of threadCounts) gigabytesPerSecond[threads] = await readBandwidth(threads)
  return {
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    isa,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    versions: Object.fromEntries([['im2col', `im2col ${version}`], ...peers.map((peer) => [peer, versionOf(peer)])]),
    peakGflopsPerThread: peak(),
    readGigabytesPerSecond: gigabytesPerSecond,
  }
}
