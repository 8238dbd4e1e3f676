import { describe, expect, test } from 'vitest'
import { createProgram, createProgramSync, createWeightStore } from '../lib/binding.js'
import type { PlanSpec, StepSpec, ViewSpec } from '../lib/graph/plan-spec.js'
import { activationPlan, step, vectorView } from './support/plans.js'

const SIZE = 64
const good = activationPlan(SIZE, 'relu')
const [first, second] = good.views as [ViewSpec, ViewSpec]
const [input, relu, output] = good.steps as [StepSpec, StepSpec, StepSpec]

const withView = (view: unknown): unknown => ({ ...good, views: [view, second] })
const withFirst = (change: object): unknown => withView({ ...first, ...change })
const withRelu = (change: object): unknown => ({ ...good, steps: [input, { ...relu, ...change }, output] })

async function refusals(plan: unknown) {
  const options = { threads: 1, maxConcurrency: 1 }
  const errors: unknown[] = []
  try {
    createProgramSync(createWeightStore(), plan as PlanSpec, options)
  } catch (error) {
    errors.push(error)
  }
  await createProgram(createWeightStore(), plan as PlanSpec, options).catch((error) => errors.push(error))
  return errors
}

/** An image of 4 x 5 pixels of 3 channels with a halo of one pixel. */
const image: ViewSpec = { offset: 27, shape: [1, 1, 4, 5, 3], strides: [126, 126, 21, 3], halo: [0, 0, 1, 1, 1, 1] }
const withImage = (change: object, arenaSize = 126): unknown => ({
  arenaSize,
  views: [{ ...image, ...change }],
  inputSizes: [60],
  outputSizes: [60],
  steps: [
    step('input', 'x', [], [0], { index: 0, layout: 'nhwc' }),
    step('output', 'y', [0], [], { index: 0, layout: 'nhwc' }),
  ],
})

test('the plans that the refused ones are made from are accepted', async () => {
  expect(await refusals(good)).toEqual([])
  expect(await refusals(withImage({ offset: 24 }))).toEqual([])
})

describe('a view must lie in the arena', () => {
  test.each<[string, unknown, string]>([
    [
      'starts beyond it',
      withFirst({ offset: 4096 }),
      'view 0: offset 4096 with 0 elements before and 64 from there on lies outside',
    ],
    [
      'ends beyond it',
      withFirst({ offset: 65 }),
      'view 0: offset 65 with 0 elements before and 64 from there on lies outside',
    ],
    [
      'has a negative offset',
      withFirst({ offset: -1 }),
      'plan.views[0].offset must be an integer from 0 to 9007199254740992 but is -1',
    ],
    ['has a fractional offset', withFirst({ offset: 0.5 }), 'plan.views[0].offset must be an integer'],
    ['has an offset of NaN', withFirst({ offset: Number.NaN }), 'plan.views[0].offset must be an integer'],
    [
      'has an infinite offset',
      withFirst({ offset: Number.POSITIVE_INFINITY }),
      'plan.views[0].offset must be an integer',
    ],
    ['has an offset of 2^53', withFirst({ offset: 2 ** 53 }), 'view 0: offset 9007199254740992'],
    ['has a size of zero', withFirst({ shape: [1, 1, 1, 0, 64] }), 'plan.views[0].shape[3] must be an integer from 1'],
    [
      'has a negative size',
      withFirst({ shape: [-1, 1, 1, 1, 64] }),
      'plan.views[0].shape[0] must be an integer from 1',
    ],
    [
      'has a huge size',
      withFirst({ shape: [1, 1, 1, 1, 2 ** 53] }),
      "view 0: size of c must be from 1 to the arena's 128",
    ],
    ['overflows in a product', withFirst({ shape: [2 ** 32, 2 ** 32, 1, 1, 1] }), 'view 0: size of n must be from 1'],
    ['has four sizes', withFirst({ shape: [1, 1, 1, 64] }), 'plan.views[0].shape must have 5 entries but has 4'],
    ['has no strides', withFirst({ strides: undefined }), 'plan.views[0].strides must be an array but is undefined'],
    [
      'has a stride of zero',
      withFirst({ strides: [64, 64, 64, 0] }),
      'plan.views[0].strides[3] must be an integer from 1',
    ],
    [
      'has overlapping pixels',
      withFirst({ strides: [64, 64, 64, 63] }),
      'view 0: stride of w must be from 64 (what one step of w covers)',
    ],
    ['has overlapping rows', withImage({ strides: [126, 126, 14, 3] }), 'view 0: stride of h must be from 18'],
    ['has overlapping planes', withImage({ strides: [126, 104, 21, 3] }), 'view 0: stride of d must be from 105'],
    ['has overlapping images', withImage({ strides: [125, 126, 21, 3] }), 'view 0: stride of n must be from 126'],
    ['has a huge stride', withFirst({ strides: [2 ** 53, 64, 64, 64] }), 'view 0: stride of n must be from 64'],
    ['has a halo before the arena', withImage({ offset: 23 }), 'view 0: offset 23 with 24 elements before'],
    [
      'has a halo beyond the arena',
      withImage({ offset: 25 }),
      'view 0: offset 25 with 24 elements before and 102 from there on',
    ],
    [
      'has a negative halo',
      withImage({ halo: [0, 0, 0, 0, 0, -1] }),
      'plan.views[0].halo[5] must be an integer from 0',
    ],
    [
      'has a huge halo',
      withImage({ halo: [2 ** 53, 0, 0, 0, 0, 0] }),
      "view 0: halo must be from 0 to the arena's size",
    ],
    ['is missing', withView(undefined), 'plan.views[0] must be an object but is undefined'],
  ])('not when it %s', async (_, plan, message) => {
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringContaining(message) })
    expect(await refusals(plan)).toEqual([refused, refused])
  })
})

describe('a plan must hold together', () => {
  const twoOutputs = { ...good, outputSizes: [SIZE, SIZE] }
  const getter = Object.defineProperty({ ...good }, 'views', {
    get() {
      throw Object.assign(new Error('mine'), { code: 'MINE' })
    },
  })
  test.each<[string, unknown, string, string?]>([
    ['is nothing', undefined, 'plan must be an object but is undefined'],
    ['is a number', 7, 'plan must be an object but is a number'],
    ['has no arena', { ...good, arenaSize: 0 }, 'plan.arenaSize must be an integer from 1'],
    ['has an arena of no machine', { ...good, arenaSize: 2 ** 52 }, 'arena size must be from 1 to 281474976710656'],
    [
      'has more arena than there is memory',
      { ...good, arenaSize: 2 ** 47 },
      'no memory for a run',
      'ERR_OUT_OF_MEMORY',
    ],
    ['has no list of steps', { ...good, steps: {} }, 'plan.steps must be an array but is an object'],
    [
      'has an endless list of steps',
      { ...good, steps: new Array(2 ** 32 - 1) },
      'plan.steps must be an array of at most 1048576 elements',
    ],
    ['has a hole for a step', { ...good, steps: new Array(1) }, 'plan.steps[0] must be an object but is undefined'],
    ['has a getter that throws', getter, 'mine', 'MINE'],
    ['has an unknown op', withRelu({ op: 'reluu' }), "step 'relu0': the engine has no op 'reluu'", 'ERR_UNSUPPORTED'],
    ['has an op that is no text', withRelu({ op: 5 }), 'plan.steps[1].op must be a string but is a number'],
    [
      'has a huge name',
      withRelu({ name: 'x'.repeat(1e6) }),
      'plan.steps[1].name must be a string of at most 65536 bytes',
    ],
    [
      'reads a view that is not there',
      withRelu({ inputs: [2] }),
      "activation step 'relu0': an input is view 2 but there are 2 views",
    ],
    [
      'writes a view that is not there',
      withRelu({ outputs: [7] }),
      "activation step 'relu0': an output is view 7 but there are 2 views",
    ],
    ['reads a negative view', withRelu({ inputs: [-1] }), 'plan.steps[1].inputs[0] must be an integer from 0'],
    ['lacks an input', withRelu({ inputs: [] }), "activation step 'relu0': "],
    ['lacks an output', withRelu({ outputs: [] }), "activation step 'relu0': expected an output"],
    [
      'has an attribute of another kind',
      withRelu({ attributes: { activation: true } }),
      'plan.steps[1].attributes.activation must be a number, a string or a list',
    ],
    [
      'has a number for a word',
      withRelu({ attributes: { activation: 3 } }),
      "activation step 'relu0': attribute 'activation' must be a word but is 3",
    ],
    [
      'has an unknown activation',
      withRelu({ attributes: { activation: 'swish' } }),
      "attribute 'activation' is 'swish', which is no activation",
    ],
    [
      'lacks a coefficient',
      withRelu({ attributes: { activation: 'elu' } }),
      "attribute 'alpha' must be a number but is missing",
    ],
    [
      'has an output size that is not the view',
      { ...good, outputSizes: [63] },
      "output step 'y': the view has 64 elements but buffer 0 has 63",
    ],
    [
      'has an input size that is not the view',
      { ...good, inputSizes: [65] },
      "input step 'x': the view has 64 elements but buffer 0 has 65",
    ],
    ['has an empty output', { ...good, outputSizes: [0] }, 'plan.outputSizes[0] must be an integer from 1'],
    ['leaves an output unwritten', twoOutputs, 'output 1 must be written by one step but is written by 0'],
    [
      'writes an output twice',
      { ...good, steps: [...good.steps, output] },
      'output 0 must be written by one step but is written by 2',
    ],
    [
      'reads an input that is not there',
      { ...good, steps: [step('input', 'x', [], [0], { index: 1, layout: 'nhwc' }), relu, output] },
      "attribute 'index' must be an integer from 0 to 0",
    ],
    [
      'has an input without an index',
      { ...good, steps: [step('input', 'x', [], [0], {}), relu, output] },
      "attribute 'index' must be",
    ],
    [
      'has an unknown layout',
      { ...good, steps: [step('input', 'x', [], [0], { index: 0, layout: 'chwn' }), relu, output] },
      "input step 'x': ",
    ],
    [
      'has weights of another kind',
      withRelu({ parameters: { a: { key: 'a', data: [1] } } }),
      'plan.steps[1].parameters.a.data must be a Float32Array',
    ],
    [
      'has weights without a key',
      withRelu({ parameters: { a: { data: new Float32Array(1) } } }),
      'plan.steps[1].parameters.a.key must be a string',
    ],
  ])('not when it %s', async (_, plan, message, code = 'ERR_INVALID_ARGUMENT') => {
    const refused = expect.objectContaining({ code, message: expect.stringContaining(message) })
    expect(await refusals(plan)).toEqual([refused, refused])
  })
})

describe('a step must not write over what it reads', () => {
  const shifted = (offset: number, op = 'activation'): unknown => ({
    ...good,
    arenaSize: 256,
    views: [first, { ...second, offset }],
    steps: [input, { ...relu, op, attributes: op === 'activation' ? relu.attributes : {} }, output],
  })

  test('but may work in place where each element is read before it is written', async () => {
    expect(await refusals(shifted(0))).toEqual([])
  })

  test.each([
    ['by one element', shifted(1)],
    ['by all but one', shifted(63)],
    ['in a softmax', shifted(0, 'softmax')],
  ])('%s', async (_, plan) => {
    const refused = expect.objectContaining({
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringMatching(/step 'relu0': output 0 overlaps input 0 in the arena/),
    })
    expect(await refusals(plan)).toEqual([refused, refused])
  })

  test('and may lie beside its input in the channels of one buffer', async () => {
    const half = (offset: number): ViewSpec => ({
      ...vectorView(offset, 8),
      shape: [1, 1, 1, 8, 4],
      strides: [64, 64, 64, 8],
    })
    const plan = (offset: number): unknown => ({
      ...good,
      arenaSize: 64,
      inputSizes: [32],
      outputSizes: [32],
      views: [half(0), half(offset)],
    })
    expect(await refusals(plan(4))).toEqual([])
    const message = "activation step 'relu0': output 0 overlaps input 0 in the arena"
    expect(await refusals({ ...(plan(3) as object) })).toMatchObject([{ message }, { message }])
  })
})
