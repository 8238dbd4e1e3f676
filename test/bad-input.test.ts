import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  classify,
  conv2d,
  createModel,
  dense,
  flatten,
  type Im2colError,
  maxPool2d,
  model,
  relu,
  type Session,
  sequential,
  Tensor,
} from '../lib/index.js'
import { safetensorsBytes } from './support/safetensors-bytes.js'

/** What an attempt is refused with. */
async function refusalOf(attempt: () => unknown): Promise<Im2colError> {
  try {
    await attempt()
  } catch (error) {
    return error as Im2colError
  }
  throw new Error('Expected a refusal but the attempt succeeded')
}

async function expectRefusal(attempt: () => unknown, name: string, code: string, message: RegExp) {
  const refusal = await refusalOf(attempt)
  expect(refusal).toBeInstanceOf(Error)
  expect({ name: refusal.name, code: refusal.code, message: refusal.message }).toEqual({
    name,
    code,
    message: expect.stringMatching(message),
  })
}

const net = model(
  { input: [32, 32, 3] },
  sequential(conv2d(8, { kernel: 3, padding: 1 }), relu, maxPool2d({ kernel: 2 }), flatten, dense(4)),
)
const image = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.sin(i))
let session: Session<'input', 'output'>
let folder: string
let expected: Float32Array

const run = async () => (await session.run({ input: image })).output.data

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im2col-bad-input-'))
  net.randomizeWeights({ seed: 1 })
  session = await net.compile({ threads: 2 })
  expected = await run()
})

afterEach(async () => {
  expect(await run()).toEqual(expected)
})

afterAll(async () => {
  session.dispose()
  await rm(folder, { recursive: true })
})

describe('a run refuses', () => {
  test('a tensor of another shape', async () => {
    const input = Tensor.zeros([1, 16, 32, 3])
    await expectRefusal(() => session.run({ input }), 'ShapeError', 'ERR_SHAPE', /input.*\[1, 16, 32, 3\]/)
    await expectRefusal(() => session.runSync({ input }), 'ShapeError', 'ERR_SHAPE', /input.*\[1, 16, 32, 3\]/)
  })

  test('numbers of another count', async () => {
    await expectRefusal(() => session.run({ input: image.subarray(1) }), 'ShapeError', 'ERR_SHAPE', /3072.*3071/)
  })

  test('data whose length does not fit the shape that is claimed', async () => {
    await expectRefusal(() => new Tensor(image, [32, 32, 4]), 'ShapeError', 'ERR_SHAPE', /4096 .*3072/)
  })

  test('elements of another type', async () => {
    for (const input of [Float64Array.from(image), new Uint8Array(3072)]) {
      const attempt = () => session.run({ input: input as unknown as Float32Array })
      await expectRefusal(attempt, 'DTypeError', 'ERR_DTYPE', new RegExp(`Float32Array.*${input.constructor.name}`))
    }
  })

  test('channels first where channels last are expected, and says so', async () => {
    const attempt = () => session.run({ input: Tensor.zeros([1, 3, 32, 32]) })
    await expectRefusal(attempt, 'ShapeError', 'ERR_SHAPE', /\[1, 3, 32, 32\].*NCHW/)
  })

  test('channels last where channels first are expected, and says so', async () => {
    const channelsFirst = await net.compile({ threads: 1, layout: 'nchw' })
    const attempt = () => channelsFirst.run({ input: Tensor.zeros([1, 32, 32, 3]) })
    await expectRefusal(attempt, 'ShapeError', 'ERR_SHAPE', /\[1, 32, 32, 3\].*NHWC/)
    channelsFirst.dispose()
  })

  test('inputs by names that the network does not have', async () => {
    const misnamed = { picture: image } as unknown as { input: Float32Array }
    await expectRefusal(() => session.run(misnamed), 'OptionError', 'ERR_OPTION', /picture|input/)
  })

  test('to go on when it was aborted', async () => {
    const reason = new Error('the user went away')
    const long = await createModel('squeezenet1_1').randomizeWeights().compile()
    const before = () => session.run({ input: image }, { signal: AbortSignal.abort(reason) })
    await expectRefusal(before, 'AbortError', 'ERR_ABORTED', /aborted/)
    expect((await refusalOf(before)).cause).toBe(reason)
    await expectRefusal(
      async () => {
        const controller = new AbortController()
        const running = long.run({ input: new Float32Array(224 * 224 * 3) }, { signal: controller.signal })
        controller.abort(reason)
        return running
      },
      'AbortError',
      'ERR_ABORTED',
      /aborted/,
    )
    long.dispose()
  })

  test('to begin when its session is disposed', async () => {
    const disposed = await net.compile({ threads: 1 })
    disposed.dispose()
    await expectRefusal(() => disposed.run({ input: image }), 'DisposedError', 'ERR_DISPOSED', /disposed/)
    await expectRefusal(() => disposed.runSync({ input: image }), 'DisposedError', 'ERR_DISPOSED', /disposed/)
    disposed.dispose()
  })
})

describe('a layer refuses', () => {
  const build = (shape: readonly number[], layer: ReturnType<typeof conv2d>) => () =>
    model({ input: shape }, sequential(layer as never))

  test('sizes that are no numbers', async () => {
    await expectRefusal(build([Number.NaN, 32, 3], conv2d(1, { kernel: 1 })), 'ShapeError', 'ERR_SHAPE', /NaN/)
    await expectRefusal(() => conv2d(Number.NaN, { kernel: 1 }), 'OptionError', 'ERR_OPTION', /NaN \(number\)/)
    await expectRefusal(() => conv2d(1, { kernel: Number.NaN }), 'OptionError', 'ERR_OPTION', /kernel.*NaN \(number\)/)
    await expectRefusal(
      () => conv2d(1, { kernel: 1, stride: Number.NaN }),
      'OptionError',
      'ERR_OPTION',
      /stride.*NaN \(number\)/,
    )
  })

  test('no channels', async () => {
    await expectRefusal(() => conv2d(0, { kernel: 1 }), 'OptionError', 'ERR_OPTION', /positive integer.*0 \(number\)/)
    await expectRefusal(build([32, 32, 0], conv2d(1, { kernel: 1 })), 'ShapeError', 'ERR_SHAPE', /\[32, 32, 0\]/)
  })

  test('a kernel larger than its padded input', async () => {
    const attempt = build([4, 4, 1], conv2d(1, { kernel: 7, padding: 1 }))
    await expectRefusal(attempt, 'ShapeError', 'ERR_SHAPE', /conv2d '0'.*kernel 7.*padding 1 \+ 1.*input of 4/)
  })

  test('groups that do not divide the channels', async () => {
    const attempt = build([8, 8, 3], conv2d(4, { kernel: 1, groups: 2 }))
    await expectRefusal(attempt, 'ShapeError', 'ERR_SHAPE', /conv2d '0': 2 groups.*3 channels/)
  })
})

describe('weights are refused when their file', () => {
  const entry = (shape: readonly number[], ...offsets: number[]) => ({ dtype: 'F32', shape, data_offsets: offsets })
  const right = { '0.bias': entry([8], 0, 32), '0.weight': entry([8, 3, 3, 3], 32, 896) }
  const write = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name)
    await writeFile(path, bytes)
    return path
  }
  const writeTensors = (name: string, header: object, dataBytes: number) =>
    write(name, safetensorsBytes(header, new Uint8Array(dataBytes)))

  const expectWeightsError = (path: string, message: RegExp) =>
    expectRefusal(() => net.loadWeights(path), 'WeightsError', 'ERR_WEIGHTS', message)

  test('is missing', async () => {
    await expectWeightsError(join(folder, 'nowhere.safetensors'), /nowhere\.safetensors/)
  })

  test('ends within its header', async () => {
    const bytes = safetensorsBytes(right)
    await expectWeightsError(
      await write('cut.safetensors', bytes.subarray(0, 100)),
      /cut\.safetensors.*92 bytes follow/,
    )
    await expectWeightsError(await write('empty.safetensors', new Uint8Array()), /empty\.safetensors.*0 bytes/)
  })

  test('ends within its tensors', async () => {
    await expectWeightsError(await writeTensors('short.safetensors', right, 895), /truncated.*896.*895/)
  })

  test('names bytes outside of itself', async () => {
    const lie = { '0.bias': entry([8], 0, 32), '0.weight': entry([8, 3, 3, 3], 1_000_032, 1_000_896) }
    await expectWeightsError(await writeTensors('outside.safetensors', lie, 896), /0\.weight.*1000032/)
  })

  test('has tensors that overlap', async () => {
    const lie = { '0.bias': entry([8], 0, 32), '0.weight': entry([8, 3, 3, 3], 16, 880) }
    await expectWeightsError(await writeTensors('overlap.safetensors', lie, 896), /0\.weight.*overlaps/)
  })

  test('claims 2^60 elements', async () => {
    const lie = { '0.weight': entry([2 ** 30, 2 ** 30], 0, 4) }
    await expectWeightsError(await writeTensors('huge.safetensors', lie, 4), /0\.weight/)
  })

  test('is for another network, and all differences are named at once', async () => {
    const other = { '0.weight': entry([8, 3, 1, 1], 0, 96), extra: entry([1], 96, 100) }
    const path = await writeTensors('other.safetensors', other, 100)
    await expectWeightsError(path, /0\.bias/)
    await expectWeightsError(path, /extra/)
    await expectWeightsError(path, /\[8, 3, 3, 3\].*\[8, 3, 1, 1\]/)
  })
})

describe('a picture is refused when it', () => {
  test('is a text file that is called .png', async () => {
    const path = join(folder, 'notes.png')
    await writeFile(path, 'This is no picture.\n')
    await expectRefusal(() => classify(path, 'lenet5'), 'ImageError', 'ERR_IMAGE', /notes\.png/)
  })

  test('is missing', async () => {
    const path = join(folder, 'nowhere.png')
    await expectRefusal(() => classify(path, 'lenet5'), 'ImageError', 'ERR_IMAGE', /nowhere\.png/)
  })
})

test('an unknown model is refused with the nearest names', async () => {
  const attempt = () => createModel('resnet81' as 'resnet18')
  await expectRefusal(attempt, 'UnknownModelError', 'ERR_UNKNOWN_MODEL', /"resnet81".*resnet18/)
})
