// Speed of every convolution of a network, layer by layer, as a share of the machine's multiply-add peak measured in the
// same rounds: node bench/kernels.mjs [--model NAME] [--isa NAME] [--threads N] [--rounds N] [--algorithm NAME] [--json]
//
// Weights are cold, as they are in use: the whole network runs between two runs of a layer. The baseline is explicit im2col and
// GEMM, measured in turn. Without --isa every vector ISA of the machine is measured, each in a process of its own.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import nodeGypBuild from 'node-gyp-build'
import { createModel, engineInfo } from '../dist/index.js'

const root = fileURLToPath(new URL('..', import.meta.url))

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet50' },
    isa: { type: 'string' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '15' },
    algorithm: { type: 'string', default: 'direct' },
    json: { type: 'boolean', default: false },
  },
})

const PEAK_MILLISECONDS = 10

if (options.isa === undefined) {
  const isas = engineInfo().runnableIsas.filter((isa) => isa !== 'scalar')
  for (const isa of isas) {
    const { status } = spawnSync(process.execPath, [process.argv[1], ...process.argv.slice(2), '--isa', isa], {
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(status ?? 1)
  }
} else {
  process.env.IM2COL_ISA = options.isa // before the engine is asked for anything
  report(await measure())
}

async function measure() {
  const { fmaPeak } = nodeGypBuild(root)
  const threads = Number(options.threads)
  const net = createModel(options.model).randomizeWeights()
  const session = await net.compile({ threads, algorithm: options.algorithm })
  const baseline = await net.compile({ threads, algorithm: 'im2col' })
  const input = new Float32Array(net.inputs.input.reduce((a, b) => a * b, 1)).map((_, i) => ((i * 37) % 255) / 127 - 1)

  const layers = new Map()
  const shapes = shapesOf(net.graph)
  const peaks = []
  for (let round = -1; round < Number(options.rounds); round++) {
    const before = fmaPeak(options.isa, PEAK_MILLISECONDS)
    const steps = await session.profile({ input })
    const baselineSteps = await baseline.profile({ input })
    const peak = (before + fmaPeak(options.isa, PEAK_MILLISECONDS)) / 2
    if (round < 0) continue // the first run finds everything cold
    peaks.push(peak * threads)
    steps.forEach((step, i) => {
      if (step.op !== 'conv') return
      const shape = shapes.get(step.name) ?? step.name
      const layer = layers.get(shape) ?? { shape, algorithm: step.algorithm, names: new Set(), samples: [] }
      layers.set(shape, layer)
      layer.names.add(`${i}`)
      layer.samples.push({
        milliseconds: step.milliseconds,
        gflops: step.gflopsPerSecond,
        share: step.gflopsPerSecond / (peak * threads),
        overIm2col: baselineSteps[i].milliseconds / step.milliseconds,
      })
    })
  }
  session.dispose()
  baseline.dispose()
  return {
    model: options.model,
    isa: engineInfo().isa,
    threads,
    peak: median(peaks),
    layers: [...layers.values()].map(({ shape, algorithm, names, samples }) => ({
      shape,
      algorithm,
      count: names.size,
      milliseconds: median(samples.map((s) => s.milliseconds)),
      gflops: median(samples.map((s) => s.gflops)),
      share: median(samples.map((s) => s.share)),
      overIm2col: median(samples.map((s) => s.overIm2col)),
    })),
  }
}

function shapesOf(graph) {
  const size = (value) => graph.values[value].shape.join('x')
  const shapes = new Map()
  for (const { op, path, attributes, inputs, output } of graph.nodes) {
    if (op === 'dense') shapes.set(path, `${size(inputs[0])} -> ${size(output)}`)
    if (op !== 'conv') continue
    const { kernel, stride, groups } = attributes
    const notes = [
      kernel.join('x'),
      ...(Math.max(...stride) > 1 ? [`s${stride[0]}`] : []),
      ...(groups > 1 ? [`g${groups}`] : []),
    ]
    shapes.set(path, `${size(inputs[0])} -> ${size(output)} ${notes.join(' ')}`)
  }
  return shapes
}

function report(result) {
  if (options.json) {
    console.log(JSON.stringify(result))
    return
  }
  console.log(`\n${result.model}, ${result.isa}, ${result.threads} thread(s), peak ${result.peak.toFixed(1)} GFLOP/s`)
  const row = ([shape, ...cells]) => shape.padEnd(44) + cells.map((cell) => String(cell).padStart(13)).join('')
  console.log(row(['layer', 'count', 'algorithm', 'ms', 'GFLOP/s', '% of peak', 'x im2col']))
  for (const { shape, count, algorithm, milliseconds, gflops, share, overIm2col } of result.layers) {
    const figures = [milliseconds.toFixed(3), gflops.toFixed(1), (100 * share).toFixed(1), overIm2col.toFixed(2)]
    console.log(row([shape, count, algorithm, ...figures]))
  }
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
