import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError, UnknownModelError } from '../lib/errors.js'
import { model } from '../lib/model.js'
import * as zoo from '../lib/zoo/index.js'
import { createModel, listModels, modelInfo } from '../lib/zoo/registry.js'

const architectures = listModels()
const zooFolder = join(import.meta.dirname, '../lib/zoo')

describe.each(architectures)('$name', (architecture) => {
  const { name, inputShape, minInputSize, numClasses } = architecture
  const [height, width, channels] = inputShape

  test('has the published parameters and multiply-accumulates', () => {
    const net = createModel(name)
    expect(net.inputs.input).toEqual(inputShape)
    expect(net.outputs.output).toEqual([numClasses])
    expect({ parameters: net.parameterCount, macs: net.macs }).toEqual({
      parameters: architecture.parameters,
      macs: architecture.macs,
    })
  })

  test('names every parameter once', () => {
    const paths = createModel(name)
      .parameters()
      .map(({ path }) => path)
    expect(paths.length).toBeGreaterThan(0)
    expect(new Set(paths).size).toBe(paths.length)
  })

  test('takes another number of classes, which changes its last layer only', () => {
    const shapes = (classes?: number) =>
      createModel(name, { numClasses: classes })
        .parameters()
        .map(({ path, shape }) => `${path} ${shape.join()}`)
    const published = shapes()
    const changed = shapes(numClasses + 7).filter((line) => !published.includes(line))
    expect(createModel(name, { numClasses: numClasses + 7 }).outputs.output).toEqual([numClasses + 7])
    expect(changed).toHaveLength(2)
  })

  test('takes another number of input channels', () => {
    const [first] = createModel(name, { inChannels: channels + 1 }).parameters()
    expect(first?.shape[1]).toBe(channels + 1)
  })

  test('takes other sizes of inputs, with the same parameters unless it is bound to one size', () => {
    const other = createModel(name, { inputSize: [height + 32, width + 64] })
    expect(other.inputs.input).toEqual([height + 32, width + 64, channels])
    expect(other.parameterCount === createModel(name).parameterCount).toBe(minInputSize !== undefined)
  })

  test.runIf(minInputSize !== undefined)('goes down to its smallest input and no further', () => {
    const smallest = minInputSize as number
    expect(createModel(name, { inputSize: smallest }).outputs.output).toEqual([numClasses])
    expect(() => createModel(name, { inputSize: smallest - 1 })).toThrow(ShapeError)
  })

  test('says where it comes from', () => {
    const { family, task, paper, preprocessing } = architecture
    for (const text of [family, task, preprocessing, paper.title, paper.authors]) expect(text).toMatch(/\w{3}/)
    expect(paper.url).toMatch(/^https:\/\/\S+$/)
    expect(paper.year).toBeGreaterThanOrEqual(1980)
    expect(Object.isFrozen(architecture)).toBe(true)
  })
})

describe('the registry', () => {
  test('has every family file of the zoo, and every builder under a name of its own', () => {
    const shared = ['architecture.ts', 'blocks.ts', 'index.ts', 'registry.ts']
    const files = readdirSync(zooFolder).filter((file) => !shared.includes(file))
    const index = readFileSync(join(zooFolder, 'index.ts'), 'utf8')
    expect(files.length).toBeGreaterThan(0)
    expect(
      index
        .match(/'\.\/.*(?=\.js')/g)
        ?.map((line) => `${line.slice(3)}.ts`)
        .sort(),
    ).toEqual(files.sort())
    expect(architectures).toHaveLength(Object.keys(zoo).length)
  })

  test('lists by family and by task', () => {
    expect(listModels({ family: 'squeezenet' }).map(({ name }) => name)).toEqual(['squeezenet1_0', 'squeezenet1_1'])
    expect(listModels({ task: 'image-classification' })).toHaveLength(architectures.length)
    expect(listModels({ family: 'no such family' })).toEqual([])
  })

  test('knows each architecture by name', () => {
    expect(modelInfo('resnet50')).toBe(zoo.resnet50.architecture)
  })

  test.each([
    ['resnet5', /"resnet5".*resnet50/],
    ['MobileNet-V2', /"MobileNet-V2".*mobilenet_v2/],
    ['vgg_16', /"vgg_16".*vgg16/],
    ['', /"".*The nearest names are \w+, \w+, \w+/],
  ])('suggests the nearest names for "%s"', (name, message) => {
    for (const attempt of [() => createModel(name), () => modelInfo(name)]) {
      expect(attempt).toThrow(UnknownModelError)
      expect(attempt).toThrow(message)
      expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_MODEL', actual: name }))
    }
  })

  test('refuses options that make no sense', () => {
    expect(() => createModel('lenet5', { classes: 3 } as never)).toThrow(/classes.*numClasses/)
    expect(() => createModel('lenet5', { numClasses: 0 })).toThrow(OptionError)
    expect(() => createModel('lenet5', { inputSize: [28] as never })).toThrow(/inputSize.*\[height, width\].*\[28\]/)
    expect(() => createModel('lenet5', { inputSize: Number.NaN })).toThrow(ShapeError)
    expect(() => createModel('lenet5', { inChannels: 0 })).toThrow(ShapeError)
  })
})

describe('builders', () => {
  test('carry the number of classes in their type', () => {
    const output: readonly [7] = model({ input: [224, 224, 3] }, zoo.resnet18({ numClasses: 7 })).outputs.output
    expect(output).toEqual([7])
  })

  test('of straight networks check sizes when they are compiled', () => {
    // @ts-expect-error a kernel of 3 does not fit into an input of 2
    expect(() => model({ input: [26, 26, 3] }, zoo.alexnet())).toThrow(ShapeError)
    // @ts-expect-error a kernel of 11 with stride 4 does not cover an input of 226 exactly
    expect(() => model({ input: [226, 226, 3] }, zoo.alexnetOf2012())).toThrow(/exact/)
  })

  test('of LeNet-5 take other widths', () => {
    const net = model({ input: [28, 28, 1] }, zoo.lenet5({ channels: [12, 32, 200, 100] }))
    expect(net.parameters().map(({ shape }) => shape[0])).toEqual([12, 12, 32, 32, 200, 200, 100, 100, 10, 10])
  })
})
