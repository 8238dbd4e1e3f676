import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { statistics } from '../lib/cli/bench.js'
import { runCommandLine } from '../lib/cli/program.js'
import { createProgress } from '../lib/cli/progress.js'
import { Tensor } from '../lib/tensor.js'
import { writeSafetensors } from '../lib/weights/safetensors.js'
import { hasShared, sharedPath } from './support/shared.js'
import { readAnswers, weightsPath } from './support/squeezenet-photos.js'

const folder = mkdtempSync(join(tmpdir(), 'im2col-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const digit = (name: string) => join(import.meta.dirname, '../demo/digits', name)

interface Terminal {
  readonly stdout?: boolean
  readonly stderr?: boolean
  readonly env?: Record<string, string>
}

async function run(args: readonly string[], terminal: Terminal = {}) {
  const texts = { stdout: '', stderr: '' }
  const output = (name: keyof typeof texts) => ({
    isTTY: terminal[name] === true,
    columns: 80,
    write: (text: string) => {
      texts[name] += text
    },
  })
  const io = { stdout: output('stdout'), stderr: output('stderr'), env: terminal.env ?? {} }
  const code = await runCommandLine(args, io, '1.2.3')
  return { code, ...texts }
}

/** A bad command: exit code 1, nothing on stdout, one line on stderr. */
async function expectFailure(args: readonly string[], message: RegExp) {
  const { code, stdout, stderr } = await run(args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^im2col: [^\n]+\n$/)
  expect(stderr).toMatch(message)
}

const csi = '\x1b['

describe('im2col classify', () => {
  it('prints classes under each file, plainly when not on a terminal', async () => {
    const files = [digit('7-a.png'), digit('3-b.png')]
    const { code, stdout, stderr } = await run(['classify', ...files, '--top', '2'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines).toHaveLength(7)
    expect([lines[0], lines[3]]).toEqual(files)
    expect(lines[1]).toMatch(/^ *[0-9.]+ % {2}7$/)
    expect(lines[4]).toMatch(/^ *[0-9.]+ % {2}3$/)
    expect(stdout).not.toContain(csi)
  })

  it('prints in styles on a terminal, unless NO_COLOR is set', async () => {
    const args = ['classify', digit('7-a.png')]
    expect((await run(args, { stdout: true })).stdout).toContain(`${csi}1m`)
    expect((await run(args, { stdout: true, env: { NO_COLOR: '1' } })).stdout).not.toContain(csi)
  })

  it('keeps progress off stdout, and off stderr with --json', async () => {
    const files = Array.from({ length: 20 }, () => digit('7-a.png'))
    expect((await run(['classify', ...files, '--top', '1'], { stderr: true })).stdout).not.toContain(csi)
    expect((await run(['classify', ...files, '--json'], { stderr: true })).stderr).toBe('')
  })

  it('prints JSON', async () => {
    const { code, stdout } = await run(['classify', digit('7-a.png'), '--json', '--top', '1'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual([
      { file: digit('7-a.png'), classes: [{ label: '7', index: 7, probability: expect.any(Number) }] },
    ])
  })

  it('goes on after a bad picture, and says which it was', async () => {
    const missing = join(folder, 'nowhere.png')
    const { code, stdout, stderr } = await run(['classify', missing, digit('7-a.png'), '--top', '1'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/7-a\.png\n.* 7\n$/)
    expect(stderr).toMatch(/^im2col: [^\n]*nowhere\.png[^\n]*\n$/)
    const json = JSON.parse((await run(['classify', missing, digit('7-a.png'), '--json', '--top', '1'])).stdout)
    expect(json[0]).toEqual({ file: missing, error: { code: 'ERR_IMAGE', message: expect.stringContaining(missing) } })
    expect(json[1].classes[0].label).toBe('7')
  })

  it.each([
    ['file://host/x.png', 'ERR_IMAGE'],
    ['file:///%zz', 'ERR_IMAGE'],
    [`https://example.com/${'long/'.repeat(40)}"cat".jpg`, 'ERR_OPTION'],
  ])('goes on after the address %s', async (address, code) => {
    const lost = join(folder, 'lost.png')
    const args = ['classify', lost, address, digit('7-a.png'), '--top', '1']
    const { stdout, stderr } = await run(args)
    expect(stdout).toMatch(/7-a\.png\n.* 7\n$/)
    expect(stderr.split('\n')).toEqual([
      expect.stringContaining('lost.png'),
      expect.stringContaining(address.slice(0, 20)),
      '',
    ])
    const json = JSON.parse((await run([...args, '--json'])).stdout)
    expect(json[1]).toMatchObject({ file: address, error: { code } })
  })

  it('prints an array with --json when no picture is sound', async () => {
    const lost = join(folder, 'lost.png')
    const { code, stdout, stderr } = await run(['classify', lost, '--json'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^im2col: [^\n]*lost\.png[^\n]*\n$/)
    expect(JSON.parse(stdout)).toEqual([{ file: lost, error: { code: 'ERR_IMAGE', message: expect.any(String) } }])
  })

  it('shows the control characters of files and arguments, which a terminal would obey', async () => {
    const named = join(folder, 'a\x1b[31m\x9b7\n.png')
    cpSync(digit('7-a.png'), named)
    const path = join(folder, 'coloured.txt')
    writeFileSync(path, Array.from({ length: 10 }, (_, i) => `${i}\x1b[2J`).join('\n'))
    const control = /(?!\n)\p{Cc}/u
    const { code, stdout } = await run(['classify', named, '--labels', path, '--top', '1'])
    expect(code).toBe(0)
    expect(stdout).not.toMatch(control)
    expect(stdout).toMatch(/a\\u001b\[31m\\u009b7\\u000a\.png\n.* 7\\u001b\[2J\n$/)
    const json = await run(['classify', named, '--json', '--labels', path, '--top', '1'])
    expect(json.stdout).not.toMatch(control)
    expect(JSON.parse(json.stdout)).toMatchObject([{ file: named, classes: [{ label: '7\x1b[2J' }] }])
    const weights = join(folder, 'coloured.safetensors')
    await writeSafetensors(weights, new Map([['a\x1b[31m', new Tensor(new Float32Array(1), [1])]]))
    const refused = await run(['classify', named, '--weights', weights])
    expect(refused.stderr).toContain('\\u001b[31m')
    for (const args of [['classify', named, '--weights', weights], ['clas\x1b[31m'], ['summary', 'net\x9b31m']]) {
      expect((await run(args)).stderr).not.toMatch(control)
    }
  })

  it('reads labels from a file', async () => {
    const path = join(folder, 'labels.txt')
    const names = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
    writeFileSync(path, names.join('\n'))
    expect((await run(['classify', digit('7-a.png'), '--labels', path, '--top', '1'])).stdout).toMatch(/seven\n$/)
    writeFileSync(path, 'one\ntwo\n')
    await expectFailure(['classify', digit('7-a.png'), '--labels', path], /10 labels.*received 2/)
  })

  it.skipIf(!hasShared(weightsPath))('recognises the naming convention of a weights file and its colours', async () => {
    const photo = sharedPath('data/photos/parrot.jpg')
    const options = ['--model', 'squeezenet1_1', '--weights', sharedPath(weightsPath), '--json', '--top', '1']
    const expected = readAnswers()['parrot.jpg']
    for (const more of [[], ['--rename', 'caffe2-squeezenet1_1'], ['--preset', 'imagenet-bgr-caffe']]) {
      const { code, stdout } = await run(['classify', photo, ...options, ...more])
      expect(code).toBe(0)
      const [{ index, probability }] = JSON.parse(stdout)[0].classes
      expect(index).toBe(expected?.[0])
      expect(probability).toBeCloseTo(expected?.[1] ?? 0, 4)
    }
    await expectFailure(
      ['classify', photo, ...options, '--rename', 'torchvision-googlenet'],
      /52 missing.*52 unexpected/,
    )
  })

  it('fails in one line on bad input', async () => {
    const text = join(folder, 'text.png')
    writeFileSync(text, 'no picture')
    await expectFailure(['classify', text], /text\.png.*unsupported image format/)
    await expectFailure(['classify', 'https://example.com/cat.jpg'], /file: or a data: URL/)
    await expectFailure(['classify', text, '--model', 'lenet6'], /lenet6.*lenet5/)
    await expectFailure(['classify', text, '--model', 'vgg16'], /no weights for "vgg16".*--weights/)
    await expectFailure(['classify', text, '--weights', join(folder, 'nowhere')], /nowhere/)
    await expectFailure(['classify', text, '--weights', text], /text\.png.*not a safetensors file/)
    await expectFailure(['classify', text, '--labels', join(folder, 'nowhere')], /labels.*nowhere/)
    await expectFailure(['classify', text, '--preset', 'digit'], /preset "digit".*"digits"/)
    await expectFailure(['classify', text, '--rename', 'caffe'], /caffe2-squeezenet1_1/)
    await expectFailure(['classify', text, '--top', '0'], /--top.*positive integer/)
    await expectFailure(['classify'], /missing required argument 'files'/)
  })
})

describe('the progress bar', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  const draw = (isTTY: boolean, env: Record<string, string> = {}) => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const written: string[] = []
    const output = { isTTY, columns: 80, write: (text: string) => written.push(text) }
    const progress = createProgress({ stdout: output, stderr: output, env }, 'Working')
    progress.update(0.1)
    vi.advanceTimersByTime(100)
    progress.update(0.5)
    progress.update(0.6)
    progress.clear()
    progress.clear()
    return written
  }

  it('appears on a terminal after a moment, at most every 50 ms, and goes away', () => {
    const bar = `Working [${'#'.repeat(12)}${'.'.repeat(12)}] 50 %`
    expect(draw(true)).toEqual([`\r${csi}K${bar}`, `\r${csi}K`])
  })

  it('does not appear elsewhere', () => {
    expect(draw(false)).toEqual([])
    expect(draw(true, { TERM: 'dumb' })).toEqual([])
  })
})

describe('im2col summary', () => {
  it('prints the table, or the data', async () => {
    const { code, stdout } = await run(['summary', 'lenet5'])
    expect(code).toBe(0)
    expect(stdout).toContain('conv1')
    expect(stdout).toContain('61,706')
    const { layers, parameterCount } = JSON.parse((await run(['summary', 'lenet5', '--classes', '3', '--json'])).stdout)
    expect(parameterCount).toBe(61706 - 7 * 85)
    expect(layers.at(-1).outputShape).toEqual([3])
  })

  it('fails in one line on bad input', async () => {
    await expectFailure(['summary', 'resnet19'], /"resnet19".*resnet18/)
    await expectFailure(['summary', 'vgg16', '--size', '8'], /./)
    await expectFailure(['summary', 'lenet5', '--size', '99999999999'], /--size.*integer up to 2147483647/)
    await expectFailure(['summary'], /missing required argument 'name'/)
  })
})

describe('im2col models', () => {
  it('lists all networks', async () => {
    const { stdout } = await run(['models'])
    expect(stdout).toMatch(/^NAME +TASK +INPUT/)
    expect(stdout).toMatch(/\nlenet5 +image-classification +28 x 28 x 1 +10 +61,706 .* shipped +LeCun 1998\n/)
    expect(stdout).toMatch(/\nresnet50 /)
    expect(JSON.parse((await run(['models', '--json'])).stdout)).toContainEqual(
      expect.objectContaining({ name: 'vgg16' }),
    )
  })

  it('fails in one line on bad input', async () => {
    await expectFailure(
      ['models', '--task', 'image-classificatio'],
      /task.*"image-classificatio".*image-classification/,
    )
    await expectFailure(['models', '--family', 'nope', '--json'], /family.*"nope"/)
  })
})

describe('im2col info', () => {
  it('tells version, ISA, threads and memory', async () => {
    const { stdout } = await run(['info'])
    expect(stdout).toMatch(
      /^version +\d+\.\d+\.\d+\nisa +(scalar|avx2|avx512|neon) .*\nthreads +\d+ of \d+.*\nmemory +[0-9.]+ MiB/,
    )
    expect(JSON.parse((await run(['info', '--json'])).stdout)).toMatchObject({
      version: expect.any(String),
      isa: expect.any(String),
      threads: expect.any(Number),
      memory: { arenaBytes: expect.any(Number), weightBytes: expect.any(Number) },
    })
  })
})

describe('im2col bench', () => {
  it('prints percentiles of the latency', async () => {
    const { code, stdout } = await run(['bench', 'lenet5', '--runs', '5', '--threads', '1'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^lenet5: \w+, 1 thread, batch 1, 5 runs, milliseconds\n +min +mean +p50 +p90 +p95 +p99 +max\n/,
    )
    const json = JSON.parse((await run(['bench', 'lenet5', '--runs', '3', '--batch', '2', '--json'])).stdout)
    expect(json).toMatchObject({ name: 'lenet5', batch: 2, runs: 3, macs: 416520 })
    const { min, p50, p99, max } = json.milliseconds
    expect([min, p50, p99, max]).toEqual([min, p50, p99, max].sort((a, b) => a - b))
  })

  it('measures a cold first run, too', async () => {
    const { code, stdout } = await run(['bench', 'lenet5', '--runs', '1', '--warmup', '0', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ runs: 1, milliseconds: { p50: expect.any(Number) } })
    await expectFailure(['bench', 'lenet5', '--warmup', '-1'], /--warmup.*non-negative integer/)
  })

  it('takes percentiles by nearest rank', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(statistics(samples)).toEqual({ min: 1, mean: 50.5, p50: 50, p90: 90, p95: 95, p99: 99, max: 100 })
    expect(statistics([7])).toEqual({ min: 7, mean: 7, p50: 7, p90: 7, p95: 7, p99: 7, max: 7 })
  })

  it('fails in one line on bad input', async () => {
    await expectFailure(['bench', 'lenet'], /lenet5/)
    await expectFailure(['bench', 'lenet5', '--runs', 'many'], /--runs.*positive integer/)
    await expectFailure(['bench', 'lenet5', '--threads', '1.5'], /--threads.*positive integer/)
  })
})

describe('im2col profile', () => {
  const columns = 'MS +OF RUN +GFLOP/S +GB/S +OF PEAK'

  it('prints a table of the steps and one of their kinds', async () => {
    const { code, stdout } = await run(['profile', 'lenet5', '--runs', '3', '--threads', '1'])
    expect(code).toBe(0)
    const [title, , head, ...rows] = stdout.split('\n')
    expect(title).toMatch(/^lenet5: \w+, 1 thread, batch 1, [0-9.]+ ms$/)
    expect(head).toMatch(new RegExp(`^STEP +OP +ALGORITHM +${columns} +BOUND BY$`))
    const figure = '[0-9.]+ +[0-9.]+ % +[0-9.]+ +[0-9.]+ +[0-9.]+ %'
    expect(rows[0]).toMatch(/^input +input /)
    expect(rows[1]).toMatch(new RegExp(`^conv1 +conv +[a-z0-9]+.* ${figure} +(compute|memory)$`))
    const kinds = rows.slice(rows.indexOf('') + 1)
    kinds.length = kinds.indexOf('')
    const isAbove = rows.some((row) => Number(/([0-9.]+) % +(compute|memory)$/.exec(row)?.[1]) > 100)
    expect(/\nAbove 100 % of peak: .*cache/s.test(stdout)).toBe(isAbove)
    expect(kinds[0]).toMatch(new RegExp(`^KIND +STEPS +${columns}$`))
    const shares = kinds.slice(1).map((row) => Number(/([0-9.]+) %/.exec(row)?.[1]))
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(100, 0)
  })

  it('prints JSON', async () => {
    const { stdout } = await run(['profile', 'lenet5', '--runs', '2', '--batch', '2', '--json'])
    const { steps, ...facts } = JSON.parse(stdout)
    expect(facts).toMatchObject({ name: 'lenet5', batch: 2, milliseconds: expect.any(Number) })
    expect(steps[1]).toMatchObject({ name: 'conv1', op: 'conv', shareOfPeak: expect.any(Number) })
  })

  it('lets the clock choose, and keeps its choices', async () => {
    const file = join(folder, 'choices.json')
    for (const command of ['profile', 'bench']) {
      expect((await run([command, 'lenet5', '--runs', '1', '--tune', file])).code).toBe(0)
      expect(readFileSync(file, 'utf8')).toContain('im2col tuning')
      expect((await run([command, 'lenet5', '--runs', '1', '--tune'])).code).toBe(0)
    }
    await expectFailure(['profile', 'lenet5', '--tune', folder], /tune\.cache/)
  })

  it("writes Chrome's trace format", async () => {
    const file = join(folder, 'trace.json')
    await run(['profile', 'lenet5', '--runs', '1', '--threads', '2', '--trace', file])
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8'))
    const names = traceEvents.filter(({ name }: { name: string }) => name === 'thread_name')
    expect(names.map(({ args }: { args: { name: string } }) => args.name)).toEqual(
      expect.arrayContaining(['steps', 'thread 0']),
    )
    const complete = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X')
    for (const { ts, dur, pid, tid } of complete) {
      expect(ts).toBeGreaterThanOrEqual(0)
      expect(dur).toBeGreaterThanOrEqual(0)
      expect([pid, names.some((row: { tid: number }) => row.tid === tid)]).toEqual([1, true])
    }
    const steps = complete.filter(({ tid }: { tid: number }) => tid === 0)
    expect(steps[0]).toMatchObject({ name: 'input', cat: 'input' })
    expect(steps.length).toBeGreaterThan(5)
    expect(complete.length).toBeGreaterThanOrEqual(2 * steps.length) // each has a thread that worked
  })

  it('prints the profile although its trace cannot be written, and names the option', async () => {
    for (const path of [folder, join(folder, 'missing', 'x.json')]) {
      const { code, stdout, stderr } = await run(['profile', 'lenet5', '--runs', '1', '--trace', path])
      expect(code).toBe(1)
      expect(stdout).toMatch(/\nKIND /)
      expect(stderr).toMatch(/^im2col: Expected --trace to name a file[^\n]*(EISDIR|ENOENT)[^\n]*\n$/)
      expect(stderr).toContain(path)
    }
  })

  it('fails in one line on bad input', async () => {
    await expectFailure(['profile'], /missing required argument 'name'/)
    await expectFailure(['profile', 'lenet'], /lenet5/)
    await expectFailure(['profile', 'lenet5', '--runs', '0'], /--runs.*positive integer/)
    await expectFailure(['profile', 'lenet5', '--weights', join(folder, 'none.safetensors')], /none\.safetensors/)
  })
})

describe('im2col', () => {
  it.skipIf(!existsSync('/dev/full'))('says that its output cannot be written', () => {
    const cli = join(import.meta.dirname, '../dist/cli.js')
    for (const args of ['models', 'info --json']) {
      const { status, stderr } = spawnSync('sh', ['-c', `"$0" "$1" ${args} > /dev/full`, process.execPath, cli])
      expect(String(stderr)).toMatch(/^im2col: cannot write the output: ENOSPC[^\n]*\n$/)
      expect(status).toBe(1)
    }
  })

  it('fails in one line on what is no command', async () => {
    await expectFailure([], /expected a command/)
    await expectFailure(['clasify'], /unknown command 'clasify'.*classify/)
    await expectFailure(['models', '--jsn'], /unknown option '--jsn'.*--json/)
  })

  it('prints help and version', async () => {
    const help = await run(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const command of ['classify', 'summary', 'models', 'info', 'bench', 'profile'])
      expect(help.stdout).toContain(command)
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })
})
