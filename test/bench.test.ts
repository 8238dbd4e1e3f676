import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const bench = (file: string) => import(new URL(`../bench/${file}`, import.meta.url).href)

const { geometricMean, median, quantile, relativeRms, roundRatios, spread } = await bench('statistics.mjs')
const { readOptions } = await bench('options.mjs')
const { layerLabel, layerMacs, readLayers } = await bench('layer-table.mjs')
const { convFlops, convLabel, parseConvShape } = await bench('conv-shapes.mjs')
const { judge, judgeOperators, kernelReport } = await bench('kernel-report.mjs')
const { interleave, runsPerBlock } = await bench('interleave.mjs')

const times = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 })

describe('statistics', () => {
  test('quantiles interpolate between the nearest samples, whatever their order', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([10, 9, 100])).toBe(10)
    expect(quantile([0, 10], 0.1)).toBeCloseTo(1, 12)
    expect(spread([5])).toEqual({ median: 5, p10: 5, p90: 5, samples: 1 })
    expect(() => median([])).toThrow('at least one sample')
  })

  test('a spread lies within its samples and is ordered', () => {
    fc.assert(
      fc.property(times, (samples) => {
        const { median, p10, p90 } = spread(samples)
        expect(p10).toBeGreaterThanOrEqual(Math.min(...samples))
        expect(median).toBeGreaterThanOrEqual(p10)
        expect(p90).toBeGreaterThanOrEqual(median)
        expect(p90).toBeLessThanOrEqual(Math.max(...samples))
      }),
    )
  })

  test('the geometric mean of ratios and of their inverses are inverse', () => {
    expect(geometricMean([1, 4])).toBeCloseTo(2, 12)
    expect(() => geometricMean([])).toThrow('at least one value')
    fc.assert(
      fc.property(times, (values) => {
        expect(geometricMean(values) * geometricMean(values.map((v) => 1 / v))).toBeCloseTo(1, 9)
      }),
    )
  })

  test('ratios are taken round by round, so that a slow minute for both does not show', () => {
    const ours = [[1, 2, 3], [20, 20], [2]]
    const theirs = [[4], [40, 39, 41], [3, 5]]
    expect(roundRatios(theirs, ours)).toEqual([2, 2, 2])
    expect(() => roundRatios([[1]], ours)).toThrow('Expected 3 rounds but got 1')
  })

  test('relativeRms refuses another length', () => {
    expect(relativeRms([3, 4], [3, 5])).toBeCloseTo(1 / Math.sqrt(34), 12)
    expect(relativeRms([1], [1, 2])).toBeNaN()
  })
})

describe('options', () => {
  test('everything is measured unless the call is narrowed', () => {
    const { sections, models, rounds, batches, json, out } = readOptions([])
    expect(sections).toContain('layers')
    expect(models).toHaveLength(14)
    expect({ rounds, batches, json }).toEqual({ rounds: 15, batches: [1], json: false })
    expect(out).toMatch(/bench.results$/)
  })

  test('one case', () => {
    const options = readOptions(['--peers', 'ort', '--models', 'resnet50', '--threads', '1', '--json'])
    expect(options).toMatchObject({
      sections: ['networks'],
      peers: ['ort'],
      peersGiven: true,
      models: ['resnet50'],
      threads: [1],
      json: true,
      out: undefined,
    })
  })

  test('lists', () => {
    const { models, threads, sections, out } = readOptions([
      '--models',
      'vgg16, resnet18,vgg16',
      '--threads',
      '2,4',
      '--sections',
      'lenet,loop',
      '--out',
      'here',
    ])
    expect({ models, threads, sections, out }).toEqual({
      models: ['vgg16', 'resnet18'],
      threads: [2, 4],
      sections: ['lenet', 'loop'],
      out: 'here',
    })
  })

  test.each([
    [['--models', 'resnet5'], "--models: expected some of vgg16, resnet18,.*'resnet5'"],
    [['--peers', 'ort,gpu'], "--peers: expected some of ort, openvino.*'gpu'"],
    [['--sections', ''], '--sections: expected some of networks'],
    [['--threads', '0'], "--threads: expected integers of at least 1 but got '0'"],
    [['--threads', '1.5'], '--threads: expected integers'],
    [['--batch', 'many'], '--batch: expected integers'],
    [['--batch', '9'], "--batch: expected integers from 1 to 8 but got '9'"],
    [['--rounds', '3,4'], '--rounds: expected one number'],
    [['--pause', '-1'], 'pause'],
    [['--unknown'], 'unknown'],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(new RegExp(message))
  })
})

describe('layers', () => {
  test('a line is a network and eight numbers', () => {
    const [layer, ...others] = readLayers('# title\n\nresnet50 224 224 3 64 7 2 3 1 # the first\n')
    expect(others).toEqual([])
    expect(layer).toMatchObject({
      network: 'resnet50',
      height: 224,
      inChannels: 3,
      outChannels: 64,
      kernel: 7,
      groups: 1,
    })
    expect(layerLabel(layer)).toBe('224x224x3 -> 64 7x7 s2')
    expect(layerMacs(layer)).toBe(112 * 112 * 64 * 3 * 49)
  })

  test('groups divide the channels that are multiplied', () => {
    const [layer] = readLayers('mobilenet_v2 56 56 144 144 3 1 1 144')
    expect(layerLabel(layer)).toBe('56x56x144 -> 144 3x3 g144')
    expect(layerMacs(layer)).toBe(56 * 56 * 144 * 9)
  })

  test.each(['vgg16 1 2 3', 'vgg16 1 2 3 4 5 6 7 x'])('%s is refused with its line', (line) => {
    expect(() => readLayers(`# first\n${line}`)).toThrow('line 2: expected a network and 8 integers')
  })
})

describe('interleaving', () => {
  test('blocks are as long as asked for, within reason', () => {
    expect(runsPerBlock(10, 250)).toBe(25)
    expect(runsPerBlock(1000, 250)).toBe(3)
    expect(runsPerBlock(1e-4, 250)).toBe(2000)
    expect(runsPerBlock(0, 250)).toBe(2000)
  })

  test('every contender has one block in every round, and the first turn goes round', async () => {
    const calls: string[] = []
    const contender = (id: string, ms: number) => ({
      id,
      block: async (count: number) => {
        calls.push(`${id}${count}`)
        return Array(count).fill(ms)
      },
    })
    const samples = await interleave([contender('a', 1), contender('b', 2)], { rounds: 3, pauseMs: 0, blockMs: 10 })
    expect(calls).toEqual(['a3', 'b3', 'a10', 'b5', 'b5', 'a10', 'a10', 'b5'])
    expect(samples.get('a')).toEqual(Array(3).fill(Array(10).fill(1)))
    expect(samples.get('b')).toHaveLength(3)
  })
})

describe('kernels', () => {
  const grouped =
    'conv 2x1x56x56x64+0.0.1.1.1.1 & 2x1x28x28x128 -> 2x1x28x28x128/256 kernel=1x3x3 stride=1x2x2 dilation=1x1x1 padStart=0x1x1 groups=4 flip=0'

  test('shapes of the tuner are read', () => {
    expect(parseConvShape(grouped)).toEqual({
      input: [2, 1, 56, 56, 64],
      output: [2, 1, 28, 28, 128],
      hasResidual: true,
      groups: 4,
      kernel: [1, 3, 3],
      stride: [1, 2, 2],
      dilation: [1, 1, 1],
    })
    expect(convLabel(parseConvShape(grouped))).toBe('2 of 56x56x64 -> 2 of 28x28x128 3x3 s2 g4 + residual')
    expect(convFlops(parseConvShape(grouped))).toBe(2 * (2 * 28 * 28 * 128) * 9 * 16)
    const volume = 'conv 1x5x4x4x8 -> 1x3x4x4x2 kernel=3x1x1 stride=1x1x1 dilation=2x1x1 padStart=1x0x0 groups=1 flip=0'
    expect(convLabel(parseConvShape(volume))).toBe('5x4x4x8 -> 3x4x4x2 3x1x1 d2')
    expect(() => parseConvShape('add 1x1x1x1x1 -> 1x1x1x1x1')).toThrow("shape of a convolution but got 'add")
  })

  const timed = [
    { label: 'a', model: 'm', flops: 2e9, untimed: 'direct', microseconds: { direct: 1000, im2col: 890 } },
    { label: 'b', model: 'm', flops: 1e9, untimed: 'direct', microseconds: { direct: 1000, im2col: 910, other: 4000 } },
  ]

  test('a choice is marked when it is more than 10 % slower than the best', () => {
    const judged = judge(timed, 4000)
    expect(judged).toMatchObject([
      { algorithm: 'direct', gflops: 2000, share: 0.5, doubtful: true },
      { algorithm: 'direct', gflops: 1000, share: 0.25, doubtful: false },
    ])
    const fusedSteps = [{ model: 'm', name: 'x + y', together: 10, separate: 15 }]
    const measured = { isa: 'avx2', threads: 1, peakGflops: 4000, peakGigabytes: 20 }
    const text: string = kernelReport({ ...measured, convolutions: judged, fusedSteps, operators: [] })
    expect(text).toMatch(/\na +m +direct +1000 +2000 +50 % +im2col 890 +1\.12 !\n/)
    expect(text).toMatch(/\nb +m +direct +1000 +1000 +25 % +im2col 910, other 4000 +1\.10\n/)
    expect(text).toContain('1 of 2 choices more than 10 % slower')
    expect(text).toMatch(/\nx \+ y +m +10\.0 +15\.0 +1\.50$/)
  })

  test('an operator is judged by what bounds it, and says why it stays far below that', () => {
    const operator = (name: string, gigaflops: number, gigabytes: number) => {
      return { name, algorithm: 'direct', microseconds: 1000, gigaflops, gigabytes }
    }
    const judged = judgeOperators(
      [operator('a', 2, 0.001), { ...operator('b', 0.1, 0.004), reason: 'it is long' }, operator('c', 0.1, 0.004)],
      4000,
      20,
    )
    expect(judged).toMatchObject([
      { boundBy: 'compute', share: 0.5 },
      { boundBy: 'memory', share: 0.2, reason: 'it is long' },
      { boundBy: 'memory', share: 0.2, reason: 'no reason known' },
    ])
    expect(judged[0]).not.toHaveProperty('reason')
    const measured = { isa: 'avx2', threads: 1, peakGflops: 4000, peakGigabytes: 20, convolutions: [], fusedSteps: [] }
    expect(kernelReport({ ...measured, operators: judged })).toMatch(/\nb +direct +1000 +memory +20 % +it is long *\n/)
  })

  test('one algorithm can be looked at instead', () => {
    expect(judge(timed, 4000, 'other').map(({ algorithm }: { algorithm: string }) => algorithm)).toEqual([
      'direct',
      'other',
    ])
    expect(() => judge(timed, 4000, 'magic')).toThrow('one of direct, im2col, other but received')
  })
})
