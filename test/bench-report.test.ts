import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

const bench = (file: string) => import(new URL(`../bench/${file}`, import.meta.url).href)

const { barChart, tickStep } = await bench('chart.mjs')
const { significant, textTable } = await bench('table.mjs')
const { geometricMeans, markdownTable, speedChart } = await bench('network-report.mjs')
const { textReport } = await bench('report.mjs')

const around = (median: number) => ({ median, p10: 0.9 * median, p90: 1.2 * median, samples: 30 })

const row = (network: string, threads: number, ratio: number, openvino: number) => ({
  network,
  threads,
  batch: 1,
  im2col: { milliseconds: around(12), gflopsPerSecond: 150, shareOfPeak: 0.55 },
  peers: {
    ort: { milliseconds: around(12 * ratio), ratio: around(ratio), relativeRms: 1e-6 },
    openvino: { milliseconds: around(12 * openvino), ratio: around(openvino), relativeRms: 1e-6 },
  },
})

const result = {
  measured: '2026-01-02',
  machine: {
    cpu: 'A CPU <fast>',
    cores: 2,
    isa: 'avx512',
    platform: 'linux-x64',
    node: 'v20.0.0',
    versions: { im2col: 'im2col 1.2.3', ort: 'onnxruntime-node 4.5.6', openvino: 'openvino 7.8' },
    peakGflopsPerThread: 270,
    readGigabytesPerSecond: { 1: 20, 2: 31 },
  },
  networks: [
    row('resnet18', 1, 2, 4),
    row('resnet50', 1, 8, 1),
    { network: 'vgg16', threads: 1, batch: 1, missing: true },
    { network: 'googlenet', threads: 1, batch: 1, failed: true },
    row('resnet18', 2, 3, 3),
  ],
  failures: [{ what: 'googlenet', message: 'ort answers otherwise' }],
}

describe('tables', () => {
  test('columns are as wide as their widest cell', () => {
    expect(
      textTable(
        ['name', 'ms'],
        [
          ['a', 1],
          ['longer', 12.5],
        ],
      ),
    ).toBe(['name      ms', '------  ----', 'a          1', 'longer  12.5'].join('\n'))
  })

  test.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [9.876, '9.88'],
    [123.4, '123'],
    [12345.6, '12346'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%d to three digits', (value, expected) => {
    expect(significant(value)).toBe(expected)
  })
})

describe('report', () => {
  test('geometric means are per threads and peer, over what was measured', () => {
    expect(geometricMeans(result.networks)).toEqual([
      { threads: 1, batch: 1, peer: 'ort', networks: 2, ratio: expect.closeTo(4, 12) },
      { threads: 1, batch: 1, peer: 'openvino', networks: 2, ratio: expect.closeTo(2, 12) },
      { threads: 2, batch: 1, peer: 'ort', networks: 1, ratio: expect.closeTo(3, 12) },
      { threads: 2, batch: 1, peer: 'openvino', networks: 1, ratio: expect.closeTo(3, 12) },
    ])
  })

  test('names the machine, what is missing and what failed', () => {
    const text = textReport(result)
    expect(text).toContain('A CPU <fast>, 2 cores, avx512, linux-x64, Node.js v20.0.0')
    expect(text).toContain('20.0 GB/s by 1 thread, 31.0 GB/s by 2 threads')
    expect(text).toContain('Whole networks, 1 thread, one image a run')
    expect(text).toMatch(/ResNet-18 +12\.0 \(10\.8-14\.4\) +83\.3 +150 +55 % +24\.0 \(21\.6-28\.8\) +2\.00/)
    expect(text).toMatch(/VGG-16 +missing/)
    expect(text).toMatch(/GoogLeNet +failed/)
    expect(text).toContain('FAILED googlenet: ort answers otherwise')
  })

  test('the Markdown table has all loads side by side', () => {
    expect(markdownTable(result.networks).split('\n')).toEqual([
      '| network | im2col ms, 1 thread, one image a run | ort ms | ort / im2col | openvino ms | openvino / im2col | im2col ms, 2 threads, one image a run | ort ms | ort / im2col | openvino ms | openvino / im2col |',
      '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
      '| ResNet-18 | 12.0 | 24.0 | 2.00 | 48.0 | 4.00 | 12.0 | 36.0 | 3.00 | 36.0 | 3.00 |',
      '| ResNet-50 | 12.0 | 96.0 | 8.00 | 12.0 | 1.00 |  |  |  |  |  |',
      '| geometric mean |  |  | 4.00 |  | 2.00 |  |  | 3.00 |  | 3.00 |',
      '',
    ])
    expect(markdownTable([])).toBeUndefined()
  })

  test('shows every section that was measured and no other', () => {
    const { networks: _, ...head } = result
    expect(textReport(head)).not.toContain('Whole networks')
    const text = textReport({
      ...head,
      layers: [
        { layer: '1x1', milliseconds: 0.1, shareOfPeak: 0.5, peers: { 'tfjs-cpu': { milliseconds: 20, ratio: 200 } } },
        { layer: '3x3', milliseconds: 0.1, shareOfPeak: 0.5, peers: { convnetjs: { milliseconds: 40, ratio: 400 } } },
      ],
      lenet: [{ call: 'im2col run', microseconds: around(20) }],
      start: {
        imports: [{ engine: 'im2col', how: 'import', milliseconds: around(9) }],
        firstAnswers: [
          {
            network: 'vgg16',
            engine: 'im2col',
            memory: 'low',
            milliseconds: around(300),
            residentPerWeights: around(1.1),
          },
          { network: 'vgg16', engine: 'ort', milliseconds: around(900), residentPerWeights: around(1.4) },
        ],
      },
      loop: [{ engine: 'ort', threads: 2, runs: 20, milliseconds: 900, ticks: 21, longestMs: 50 }],
      concurrency: [
        {
          engine: 'im2col',
          threads: 2,
          jobs: 8,
          rowMilliseconds: around(300),
          togetherMilliseconds: around(306),
          ratio: around(1.02),
        },
      ],
    })
    expect(text).toMatch(/1x1 +0\.100 +50 % +20\.0 +200 +- +-/)
    expect(text).toMatch(/smallest +200 +400/)
    expect(text).toMatch(/im2col run +20\.0/)
    expect(text).toMatch(/im2col +import +9\.00/)
    expect(text).toMatch(/VGG-16 +im2col, memory low +300 \(270-360\) +1\.10/)
    expect(text).toMatch(/VGG-16 +ort +900 \(810-1080\) +1\.40/)
    expect(text).toMatch(/ort +2 +20 +900 +21 +50\.0/)
    expect(text).toMatch(/im2col +2 +8 +300 .* 306 .* 1\.02/)
  })
})

describe('chart', () => {
  const widthsIn = (svg: string) =>
    [...svg.matchAll(/<rect x="170"[^>]* width="([\d.]+)" height="13"/g)].map(([, width]) => Number(width))

  test('bars are as long as their values, in every panel', () => {
    const svg = barChart({
      title: 'Title',
      subtitle: 'Subtitle',
      series: ['ours', 'other'],
      baseline: 'theirs',
      panels: [
        { title: 'one', groups: [{ label: 'a', values: [2, 1] }] },
        { title: 'two', groups: [{ label: 'b', values: [0.5, undefined] }] },
      ],
    })
    const [a, other, b, ...rest] = widthsIn(svg)
    expect(rest).toEqual([])
    expect((a as number) / (other as number)).toBeCloseTo(2, 2)
    expect((a as number) / (b as number)).toBeCloseTo(4, 2)
    expect(() => barChart({ title: '', subtitle: '', series: [], baseline: '', panels: [] })).toThrow('at least one')
  })

  test('speeds are relative to the first peer, and the text is escaped', async () => {
    const svg: string = speedChart(result)
    expect(svg).toContain('A CPU &lt;fast&gt;, 2 cores')
    expect(svg).toContain('onnxruntime-node 4.5.6 = 1')
    expect(svg).not.toMatch(/VGG-16|GoogLeNet/)
    const values = [...svg.matchAll(/>(\d+\.\d\d)<\/text>/g)].map(([, value]) => value)
    expect(values).toEqual(['2.00', '0.50', '8.00', '8.00', '4.00', '2.00', '3.00', '1.00', '3.00', '1.00'])
    const { format, width } = await sharp(Buffer.from(svg)).metadata()
    expect({ format, width }).toEqual({ format: 'svg', width: 760 })
  })

  test('there is none without a peer', () => {
    expect(speedChart({ ...result, networks: [] })).toBeUndefined()
    expect(speedChart({ ...result, networks: [{ ...row('resnet18', 1, 2, 2), peers: {} }] })).toBeUndefined()
  })

  test.each([1, 1.7, 2.4, 6.9, 7, 7.1, 40, 333])('an axis to %d has few round lines', (most) => {
    const step = tickStep(most)
    expect(most / step).toBeLessThanOrEqual(7)
    expect(most / step).toBeGreaterThan(2.7)
    expect([1, 2, 5]).toContain(Number(String(step.toExponential(6))[0]))
  })
})
